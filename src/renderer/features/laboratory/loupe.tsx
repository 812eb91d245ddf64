import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import styles from './loupe.module.css';
import { useNaturalSize } from './stage.tsx';

/** A point of a picture, as shares of its width and height. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

interface LoupeProps {
  readonly name: string;
  readonly url: string;
  readonly point: Point;
  /** Screen pixels (CSS) per pixel of the picture. */
  readonly zoom: number;
  readonly contrast: number;
  readonly onPoint: (point: Point) => void;
  /** Its side has become another one, px. */
  readonly onSide: (side: number) => void;
}

const KEYS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** Pixels of the picture per key press with Shift. */
const LARGE_STEP = 10;

/** A piece of a picture, each of its pixels a square. The pointer on the picture moves it, or the arrow keys here. */
export function Loupe({ name, url, point, zoom, contrast, onPoint, onSide }: LoupeProps) {
  const { t } = useTranslation();
  const host = useRef<HTMLDivElement>(null);
  const [side, setSide] = useState(0);
  const size = useNaturalSize(url);
  useEffect(() => {
    const element = host.current!;
    const resized = new ResizeObserver(() => {
      setSide(element.clientWidth);
      onSide(element.clientWidth);
    });
    resized.observe(element);
    return () => resized.disconnect();
  }, [onSide]);
  const pixel = size && { x: Math.floor(point.x * size.width), y: Math.floor(point.y * size.height) };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const direction = KEYS[event.key];
    if (!direction || !size) return;
    event.preventDefault();
    const step = event.shiftKey ? LARGE_STEP : 1;
    const moved = (at: number, by: number, length: number): number =>
      Math.min(1, Math.max(0, (Math.floor(at * length) + 0.5 + by * step) / length));
    onPoint({ x: moved(point.x, direction[0], size.width), y: moved(point.y, direction[1], size.height) });
  };
  return (
    // It is moved with the arrow keys, which no role of a single value describes.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      ref={host}
      className={styles.loupe}
      role="group"
      aria-roledescription={t('laboratory.viewer.loupeRole')}
      aria-label={name}
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      {size && (
        <div
          className={styles.piece}
          style={{
            backgroundImage: `url("${url}")`,
            backgroundSize: `${size.width * zoom}px ${size.height * zoom}px`,
            backgroundPosition: `${side / 2 - point.x * size.width * zoom}px ${side / 2 - point.y * size.height * zoom}px`,
            filter: contrast === 1 ? undefined : `contrast(${contrast})`,
          }}
        />
      )}
      {pixel && (
        <span className={styles.place} role="status">
          {pixel.x}, {pixel.y}
        </span>
      )}
    </div>
  );
}
