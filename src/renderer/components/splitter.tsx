import { clsx } from 'clsx';
import { MoveHorizontal } from 'lucide-react';
import { useRef } from 'react';
import { Icon } from './icon.tsx';
import { clamp } from './number.ts';
import styles from './splitter.module.css';

interface SplitterProps {
  readonly label: string;
  /** What a screen reader says instead of the number: "40 percent". */
  readonly valueText: (percent: number) => string;
  /** Share of the first picture, 0 to 1. */
  readonly at: number;
  readonly onChange: (at: number) => void;
  /** The share under the pointer: where its picture lies is known to whoever shows it. */
  readonly shareAt: (event: React.PointerEvent<HTMLElement>) => number | undefined;
  /** Where it lies. Its line and grip are as high as itself, unless `--frame-y` and `--frame-height` say what they stand in. */
  readonly className?: string | undefined;
  readonly style?: React.CSSProperties;
}

const STEP = 0.02;
const LARGE_STEP = 0.1;
const FINE_STEP = 0.002;

/**
 * The line between two pictures that lie over each other, after the window splitter of the ARIA Authoring Practices: it is
 * dragged, or moved with arrows (Shift makes the steps fine), Page Up and Page Down, Home and End; Enter folds the first one
 * away and brings it back, a double click goes to the middle. What lies below knows it by `data-overlay`.
 */
export function Splitter({ label, valueText, at, onChange, shareAt, className, style }: SplitterProps) {
  const kept = useRef(0.5);
  const percent = Math.round(at * 100);
  const set = (next: number): void => onChange(clamp(next, 0, 1));
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const step = event.shiftKey ? FINE_STEP : STEP;
    const targets: Readonly<Record<string, number>> = {
      ArrowLeft: at - step,
      ArrowRight: at + step,
      PageDown: at - LARGE_STEP,
      PageUp: at + LARGE_STEP,
      Home: 0,
      End: 1,
      Enter: at === 0 ? kept.current : 0,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    if (at > 0) kept.current = at;
    set(target);
  };
  return (
    // A separator that can be moved is a widget; the rule takes every separator for a line.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      className={clsx(styles.splitter, className)}
      style={style}
      data-overlay
      role="separator"
      aria-orientation="vertical"
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      aria-label={label}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={valueText(percent)}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        const share = shareAt(event);
        if (share !== undefined) set(share);
      }}
      onDoubleClick={() => set(0.5)}
    >
      <span className={styles.line} />
      <span className={styles.grip}>
        <Icon icon={MoveHorizontal} />
      </span>
    </div>
  );
}
