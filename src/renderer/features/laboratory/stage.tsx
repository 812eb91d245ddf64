import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Splitter } from '../../components/splitter.tsx';
import type { Point } from './loupe.tsx';
import { bounded, fitOf, frameOf, panned, zoomed, type Frame, type Look, type Size } from './pan-zoom.ts';
import styles from './stage.module.css';
import type { Mode } from './viewer.tsx';

/** A picture on the stage. */
export interface Shown {
  readonly id: string;
  readonly url: string;
  readonly label: string;
}

interface StageProps {
  /** One, or two. */
  readonly pictures: readonly Shown[];
  readonly mode: Mode;
  readonly look: Look;
  readonly onLook: (look: Look) => void;
  /** Share of the picture that shows the first one. */
  readonly divider: number;
  readonly onDivider: (divider: number) => void;
  /** Zooms when its count rises. */
  readonly step: { readonly count: number; readonly factor: number };
  /** Where they look, screen pixels per pixel of the picture, and their side, px. */
  readonly loupes: { readonly points: readonly [Point, Point]; readonly zoom: number; readonly side: number };
  /** A loupe is to be moved: that of the first or second picture. */
  readonly onPoint: (which: number, point: Point) => void;
}

/** A press that moves no farther is a click, px. */
const STILL = 4;

/** The pictures with linked zoom and pan: one over the other with a divider, or beside each other. */
export function Stage(props: StageProps) {
  const { pictures, mode } = props;
  if (mode === 'slider' && pictures.length > 1) return <Pane {...props} shown={[0, 1]} />;
  return (
    <div className={styles.panes}>
      {pictures.map((_, i) => (
        <Pane key={i} {...props} shown={[i]} />
      ))}
    </div>
  );
}

interface PaneProps extends StageProps {
  /** Places of the pictures that lie in it, the first above. */
  readonly shown: readonly number[];
}

function Pane({ pictures, shown, look, onLook, divider, onDivider, step, loupes, onPoint }: PaneProps) {
  const { t } = useTranslation();
  const host = useRef<HTMLDivElement>(null);
  const [stage, setStage] = useState<Size>({ width: 1, height: 1 });
  const first = pictures[shown[0]!]!;
  const picture = useNaturalSize(first.url);
  const below = useNaturalSize(pictures[shown.at(-1)!]!.url);
  /** Loupes rest where a click left them, until the next. */
  const [held, setHeld] = useState(false);
  const press = useRef<{ x: number; y: number; far: boolean }>(undefined);

  useEffect(() => {
    const element = host.current!;
    const resized = new ResizeObserver(() => setStage({ width: element.clientWidth, height: element.clientHeight }));
    resized.observe(element);
    return () => resized.disconnect();
  }, []);

  // React's own listener is passive, and the page would zoom along.
  const wheel = useRef<(event: WheelEvent) => void>(undefined);
  useEffect(() => {
    wheel.current = (event) => {
      event.preventDefault();
      if (!picture) return;
      const { left, top } = host.current!.getBoundingClientRect();
      const at = { x: event.clientX - left, y: event.clientY - top };
      onLook(zoomed(look, Math.exp(-event.deltaY * 0.002), at, picture, stage));
    };
  });
  useEffect(() => {
    const element = host.current!;
    const listener = (event: WheelEvent): void => wheel.current?.(event);
    element.addEventListener('wheel', listener, { passive: false });
    return () => element.removeEventListener('wheel', listener);
  }, []);

  const stepped = useRef(step.count);
  useEffect(() => {
    if (!picture || stepped.current === step.count) return;
    stepped.current = step.count;
    onLook(zoomed(look, step.factor, { x: stage.width / 2, y: stage.height / 2 }, picture, stage));
  }, [step, picture, stage, look, onLook]);

  const frame = picture ? frameOf(bounded(look, picture, stage), picture, stage) : undefined;
  // A painting beside a photo has proportions of its own: both lie about the same middle, neither is stretched.
  const under = picture && below ? frameOf(bounded(look, picture, stage), below, stage) : undefined;
  const frames = [frame, shown.length > 1 ? under : frame] as const;
  const line = frame ? frame.left + divider * frame.width : 0;
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (!picture || event.target !== event.currentTarget) return;
    const middle = { x: stage.width / 2, y: stage.height / 2 };
    const change: Readonly<Record<string, () => Look>> = {
      '+': () => zoomed(look, 1.5, middle, picture, stage),
      '=': () => zoomed(look, 1.5, middle, picture, stage),
      '-': () => zoomed(look, 1 / 1.5, middle, picture, stage),
      ArrowLeft: () => panned(look, 40, 0, picture, stage),
      ArrowRight: () => panned(look, -40, 0, picture, stage),
      ArrowUp: () => panned(look, 0, 40, picture, stage),
      ArrowDown: () => panned(look, 0, -40, picture, stage),
    };
    const next = change[event.key];
    if (!next) return;
    event.preventDefault();
    onLook(next());
  };
  const pointAt = (event: React.PointerEvent): void => {
    const { left, top } = host.current!.getBoundingClientRect();
    const at = shown.length > 1 && event.clientX - left >= line ? 1 : 0;
    const over = frames[at];
    if (!over) return;
    const x = (event.clientX - left - over.left) / over.width;
    const y = (event.clientY - top - over.top) / over.height;
    if (x < 0 || x > 1 || y < 0 || y > 1) return;
    onPoint(shown[at]!, { x, y });
  };

  return (
    // It is dragged and has keys of its own; everything that they do is also done by buttons.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={host}
      className={styles.pane}
      role="group"
      aria-label={t('laboratory.viewer.stage', { name: shown.map((i) => pictures[i]!.label).join(' – ') })}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        if (event.button !== 0 || onOverlay(event)) return;
        press.current = { x: event.clientX, y: event.clientY, far: false };
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const from = press.current;
        if (!from) {
          if (!held && !onOverlay(event)) pointAt(event);
          return;
        }
        const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
        if (!from.far && Math.hypot(dx, dy) < STILL) return;
        press.current = { x: event.clientX, y: event.clientY, far: true };
        if (picture) onLook(panned(look, dx, dy, picture, stage));
      }}
      onPointerUp={(event) => {
        if (press.current && !press.current.far) {
          pointAt(event);
          setHeld(!held);
        }
        press.current = undefined;
      }}
      onPointerCancel={() => (press.current = undefined)}
    >
      {frames.map((lies, n) => {
        const i = shown[n];
        const size = n === 0 ? picture : below;
        if (i === undefined || !lies || !size) return null;
        // Each ends at the line, wherever its own edges are.
        const hidden = n === 0 ? lies.left + lies.width - line : line - lies.left;
        return (
          <img
            key={i}
            className={styles.picture}
            src={pictures[i]!.url}
            alt={pictures[i]!.label}
            draggable={false}
            style={{
              ...lies,
              // Pixels are hard from twice their size on, as on the studio's canvas.
              imageRendering: fitOf(size, stage) * look.zoom >= 2 ? 'pixelated' : undefined,
              clipPath:
                shown.length === 1
                  ? undefined
                  : n === 0
                    ? `inset(0 ${Math.max(0, hidden)}px 0 0)`
                    : `inset(0 0 0 ${Math.max(0, hidden)}px)`,
            }}
          />
        );
      })}
      {frames.map((lies, n) => {
        const i = shown[n];
        const size = n === 0 ? picture : below;
        if (i === undefined || !lies || !size) return null;
        return (
          <Mark
            key={i}
            frame={lies}
            picture={size}
            point={loupes.points[i === 0 ? 0 : 1]}
            shows={loupes.side / loupes.zoom}
            second={i > 0}
          />
        );
      })}
      {shown.length > 1 && frame && (
        <Splitter
          className={styles.divider}
          style={{ left: line, top: Math.max(0, frame.top), height: frame.height }}
          label={t('laboratory.viewer.divider')}
          valueText={(percent) => t('laboratory.viewer.dividerValue', { percent })}
          at={divider}
          onChange={onDivider}
          shareAt={(event) => (event.clientX - host.current!.getBoundingClientRect().left - frame.left) / frame.width}
        />
      )}
      {shown.map((i) => (
        <span key={i} className={i === 0 ? styles.nameLeft : styles.nameRight} aria-hidden="true">
          {pictures[i]!.label}
        </span>
      ))}
    </div>
  );
}

/** Over the divider, which takes care of itself. */
const onOverlay = ({ target }: React.PointerEvent): boolean =>
  target instanceof Element && target.closest('[data-overlay]') !== null;

interface MarkProps {
  readonly frame: Frame;
  readonly picture: Size;
  readonly point: Point;
  /** Side of what the loupe shows, in pixels of the picture. */
  readonly shows: number;
  readonly second: boolean;
}

/** Where a loupe is. */
function Mark({ frame, picture, point, shows, second }: MarkProps) {
  const side = Math.max(6, shows * (frame.width / picture.width));
  return (
    <span
      className={second ? styles.markSecond : styles.mark}
      style={{
        width: side,
        height: side,
        left: frame.left + point.x * frame.width - side / 2,
        top: frame.top + point.y * frame.height - side / 2,
      }}
    />
  );
}

/** Pixels of a picture, once it is loaded. */
export function useNaturalSize(url: string): Size | undefined {
  const [found, setFound] = useState<{ url: string; size: Size }>();
  useEffect(() => {
    const image = new Image();
    image.onload = () => setFound({ url, size: { width: image.naturalWidth, height: image.naturalHeight } });
    image.src = url;
    return () => {
      image.onload = null;
    };
  }, [url]);
  return found?.url === url ? found.size : undefined;
}
