import { ScanSearch, X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Job } from '../../../shared/studio/contract.ts';
import { useProgram, useSession, useView } from '../../app/program.ts';
import { IconButton } from '../../components/button.tsx';
import { clamp } from '../../components/number.ts';
import { formatPixels } from '../../i18n/format.ts';
import { findJob } from '../../stores/session.ts';
import { place, type Point, type Rect } from '../canvas/camera.ts';
import { whereOf } from '../run/where.ts';
import { pieceOf, type PieceRect } from './piece.ts';
import styles from './detail.module.css';

/** Under which `view.sections` remembers whether the detail is open. */
const SECTION = 'detail';
/** Of the detail, CSS px. */
const PANEL = { width: 300, height: 220 };
/** Long side up to which previews show everything, px. */
const PREVIEWED = 1024;
/** ms of rest before the program is asked for another piece. */
const REST = 120;
/** Parts of the piece that an arrow key moves it by, and with Shift. */
const STEP = 1 / 4;
const FINE_STEP = 1 / 20;

/** A piece of the picture that is being painted, pixel by pixel, and the frame on the picture that says which. */
export function Detail() {
  const { t } = useTranslation();
  const { view } = useProgram();
  const shown = useView((state) => (state.shown?.kind === 'job' ? state.shown.id : undefined));
  const job = useSession((session) => findJob(session, shown));
  const visible = useView(({ mode, peeking }) => !peeking && mode !== 'photo' && mode !== 'style');
  const chosen = useView((state) => state.sections[SECTION]);
  if (!job || !visible || job.preview === 0 || (job.state !== 'running' && job.state !== 'paused')) return null;
  const where = whereOf(job);
  const isRender = job.document.settings.init?.kind === 'image' && job.document.settings.init.begin !== undefined;
  if (!where || (!isRender && Math.max(where.width, where.height) <= PREVIEWED)) return null;
  const toggle = (open: boolean): void =>
    view.setState(({ sections }) => ({ sections: { ...sections, [SECTION]: open } }));
  if (chosen ?? isRender) return <OpenDetail key={job.id} job={job} picture={where} onClose={() => toggle(false)} />;
  return (
    <div className={styles.opener} data-overlay>
      <IconButton icon={ScanSearch} label={t('render.detail.open')} tooltipSide="left" onClick={() => toggle(true)} />
    </div>
  );
}

interface OpenDetailProps {
  readonly job: Job;
  /** The size that it is painted at now. */
  readonly picture: { readonly width: number; readonly height: number };
  readonly onClose: () => void;
}

function OpenDetail({ job, picture: now, onClose }: OpenDetailProps) {
  const { t } = useTranslation();
  const { transport, view } = useProgram();
  const ratio = devicePixelRatio;
  const middle = useView((state) => state.detail);
  const { detail, id, preview } = job;
  // What is shown is of the size that the newest piece was cut from, which may be that of the level before.
  const picture = detail ? { width: detail.pictureWidth, height: detail.pictureHeight } : now;
  const piece = pieceOf(middle, picture, { width: PANEL.width * ratio, height: PANEL.height * ratio });
  useAsked(id, middle, { width: Math.round(PANEL.width * ratio), height: Math.round(PANEL.height * ratio) });
  const move = (to: Point): void => view.setState({ detail: { x: clamp(to.x, 0, 1), y: clamp(to.y, 0, 1) } });
  const drag = useDrag((dx, dy) => {
    const { detail: from } = view.getState();
    move({ x: from.x - (dx * ratio) / picture.width, y: from.y - (dy * ratio) / picture.height });
  });
  const size = { width: piece.width / ratio, height: piece.height / ratio };
  return (
    <>
      <Frame piece={piece} picture={picture} onMove={move} />
      <section
        className={styles.panel}
        data-side={middle.x > 0.5 ? 'left' : 'right'}
        data-overlay
        aria-label={t('render.detail.title')}
      >
        <header className={styles.head}>
          <h3 className={styles.title}>{t('render.detail.title')}</h3>
          <span className={styles.size}>{formatPixels(picture)}</span>
          <IconButton icon={X} label={t('render.detail.close')} onClick={onClose} />
        </header>
        <div
          className={styles.window}
          style={{
            ...size,
            // Until the piece itself is there, and where it does not reach, the preview stands in for it.
            backgroundImage: `url("${transport.assetUrl('preview', id, preview)}")`,
            backgroundSize: `${picture.width / ratio}px ${picture.height / ratio}px`,
            backgroundPosition: `${-piece.left / ratio}px ${-piece.top / ratio}px`,
          }}
          {...drag}
        >
          {detail ? (
            <img
              className={styles.image}
              src={transport.assetUrl('detail', id, detail.version)}
              alt={t('render.detail.alt')}
              draggable={false}
              style={{
                left: (detail.left - piece.left) / ratio,
                top: (detail.top - piece.top) / ratio,
                width: detail.width / ratio,
                height: detail.height / ratio,
              }}
            />
          ) : (
            <p className={styles.waiting}>{t('render.detail.waiting')}</p>
          )}
        </div>
      </section>
    </>
  );
}

/** Asks the program for a piece as long as the detail is open, and again a moment after the frame has come to rest. */
function useAsked(job: string, { x, y }: Point, { width, height }: { width: number; height: number }): void {
  const { transport } = useProgram();
  useEffect(() => {
    // What goes wrong here is over by itself: the run has ended, or the next piece comes with the next preview.
    const timer = setTimeout(
      () => void transport.call('lookAt', { job, piece: { x, y, width, height } }).catch(() => undefined),
      REST,
    );
    return () => clearTimeout(timer);
  }, [transport, job, x, y, width, height]);
  useEffect(() => () => void transport.call('lookAt', { job, piece: null }).catch(() => undefined), [transport, job]);
}

interface FrameProps {
  readonly piece: PieceRect;
  readonly picture: { readonly width: number; readonly height: number };
  readonly onMove: (middle: Point) => void;
}

/** Smallest frame that can be taken hold of, CSS px; what it shows may be smaller. */
const LEAST = 14;

/** Where the piece lies on the picture: dragged, or moved with arrow keys. */
function Frame({ piece, picture, onMove }: FrameProps) {
  const { t } = useTranslation();
  const { view } = useProgram();
  const element = useRef<HTMLButtonElement>(null);
  const at = usePlaced(element);
  const drag = useDrag((dx, dy) => {
    if (!at) return;
    const { detail } = view.getState();
    onMove({ x: detail.x + dx / at.width, y: detail.y + dy / at.height });
  });
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const arrows: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const arrow = arrows[event.key];
    if (!arrow) return;
    event.preventDefault();
    event.stopPropagation();
    const step = event.shiftKey ? FINE_STEP : STEP;
    const { detail } = view.getState();
    onMove({
      x: detail.x + (arrow[0] * step * piece.width) / picture.width,
      y: detail.y + (arrow[1] * step * piece.height) / picture.height,
    });
  };
  const box = at && {
    left: at.x + (piece.left / picture.width) * at.width,
    top: at.y + (piece.top / picture.height) * at.height,
    width: (piece.width / picture.width) * at.width,
    height: (piece.height / picture.height) * at.height,
  };
  const grown = box && {
    left: box.left - Math.max(0, LEAST - box.width) / 2,
    top: box.top - Math.max(0, LEAST - box.height) / 2,
    width: Math.max(LEAST, box.width),
    height: Math.max(LEAST, box.height),
  };
  const [x, y] = [piece.left + piece.width / 2, piece.top + piece.height / 2];
  return (
    <button
      type="button"
      ref={element}
      className={styles.frame}
      data-overlay
      aria-label={t('render.detail.place', {
        x: Math.round((100 * x) / picture.width),
        y: Math.round((100 * y) / picture.height),
      })}
      title={t('render.detail.placeHelp')}
      style={grown ?? { display: 'none' }}
      onKeyDown={onKeyDown}
      {...drag}
    />
  );
}

/** Where the picture lies on the canvas, CSS px: in its own half where the photo is beside it. */
function usePlaced(element: React.RefObject<HTMLElement | null>): Rect | undefined {
  const camera = useView((state) => state.camera);
  const stage = useView((state) => state.stage);
  const beside = useView((state) => state.mode === 'side');
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const host = element.current?.parentElement;
    if (!host) return;
    const observer = new ResizeObserver(() => setWidth(host.clientWidth));
    observer.observe(host);
    return () => observer.disconnect();
  }, [element]);
  if (!stage || width === 0) return undefined;
  const ratio = devicePixelRatio;
  const at = place(camera, stage.frame, stage.area);
  const offset = beside ? width - stage.area.width / ratio : 0;
  return { x: at.x / ratio + offset, y: at.y / ratio, width: at.width / ratio, height: at.height / ratio };
}

/** @param onDrag told of every movement, CSS px */
function useDrag(onDrag: (dx: number, dy: number) => void) {
  const last = useRef<Point>(undefined);
  const end = (): void => void (last.current = undefined);
  return {
    onPointerDown: (event: React.PointerEvent) => {
      event.preventDefault();
      (event.currentTarget as HTMLElement).focus({ preventScroll: true });
      event.currentTarget.setPointerCapture(event.pointerId);
      last.current = { x: event.clientX, y: event.clientY };
    },
    onPointerMove: (event: React.PointerEvent) => {
      const before = last.current;
      if (!before) return;
      last.current = { x: event.clientX, y: event.clientY };
      onDrag(event.clientX - before.x, event.clientY - before.y);
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}
