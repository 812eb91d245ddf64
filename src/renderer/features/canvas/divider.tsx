import { MoveHorizontal } from 'lucide-react';
import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useProgram, useView } from '../../app/program.ts';
import { Icon } from '../../components/icon.tsx';
import { clamp } from '../../components/number.ts';
import { place } from './camera.ts';
import styles from './divider.module.css';

const STEP = 0.02;
const LARGE_STEP = 0.1;
const FINE_STEP = 0.002;

/**
 * The line between photo and result, after the window splitter of the ARIA Authoring Practices: it is dragged, or moved with
 * arrows, Page Up and Page Down, Home and End; Enter folds the photo away and brings it back.
 */
export function Divider() {
  const { view } = useProgram();
  const { t } = useTranslation();
  const divider = useView((state) => state.divider);
  const kept = useRef(0.5);
  const percent = Math.round(divider * 100);
  const set = (next: number): void => view.setState({ divider: clamp(next, 0, 1) });

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const step = event.shiftKey ? FINE_STEP : STEP;
    const targets: Readonly<Record<string, number>> = {
      ArrowLeft: divider - step,
      ArrowRight: divider + step,
      PageDown: divider - LARGE_STEP,
      PageUp: divider + LARGE_STEP,
      Home: 0,
      End: 1,
      Enter: divider === 0 ? kept.current : 0,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    if (divider > 0) kept.current = divider;
    set(target);
  };

  const onPointerMove = (event: React.PointerEvent<HTMLElement>): void => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const { camera, stage } = view.getState();
    const host = event.currentTarget.parentElement?.getBoundingClientRect();
    if (!stage || !host) return;
    const at = place(camera, stage.frame, stage.area);
    set(((event.clientX - host.left) * devicePixelRatio - at.x) / at.width);
  };

  return (
    // A separator that can be moved is a widget; the rule takes every separator for a line.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div
      className={styles.divider}
      data-overlay
      role="separator"
      aria-orientation="vertical"
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
      aria-label={t('canvas.divider')}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={t('canvas.dividerValue', { percent })}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onPointerMove}
      onDoubleClick={() => set(0.5)}
    >
      <span className={styles.line} />
      <span className={styles.grip}>
        <Icon icon={MoveHorizontal} />
      </span>
    </div>
  );
}
