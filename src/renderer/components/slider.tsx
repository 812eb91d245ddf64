import { clsx } from 'clsx';
import { Slider as Radix } from 'radix-ui';
import { useEffect, useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useGesture } from './gesture.ts';
import { NumberField } from './number-field.tsx';
import { formatNumber, snap } from './number.ts';
import styles from './slider.module.css';

export interface SliderProps {
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  /** Step while Shift is held, and how finely typed values count; a tenth of the step where it is not given. */
  readonly fineStep?: number;
  /** What a double click goes back to; nothing when not given. */
  readonly resetTo?: number | undefined;
  /** Instead of `onChange(resetTo)`, for instance to forget what the person set. */
  readonly onReset?: (() => void) | undefined;
  /** Stands behind the typed value. */
  readonly unit?: string | undefined;
  /** What a screen reader says instead of the number: "40 percent". */
  readonly valueText?: (value: number) => string;
  readonly orientation?: 'horizontal' | 'vertical';
  /** Only the rail: label and typed value are elsewhere, the label is still its name. */
  readonly bare?: boolean;
  /** Words at the two ends of the rail. */
  readonly ends?: readonly [string, string];
  readonly disabled?: boolean | undefined;
  readonly className?: string;
}

/**
 * A slider after the pattern of the ARIA Authoring Practices: arrows step, Shift makes the steps fine, Page Up and Page Down
 * make them ten times as large, Home and End go to the ends, a double click resets, the wheel works while it is focused.
 * A drag, or a key as long as it is held, is one undo step.
 */
export function Slider(props: SliderProps) {
  const { label, value, onChange, min, max, step, unit, bare, ends, disabled, className } = props;
  const { fineStep = step / 10, resetTo, onReset, orientation = 'horizontal' } = props;
  const { t, i18n } = useTranslation();
  const gesture = useGesture();
  const labelId = useId();
  const fine = useRef(false);
  const rail = useRef<HTMLSpanElement>(null);

  const change = (next: number): void => {
    const snapped = snap(next, min, max, fine.current ? fineStep : step);
    if (snapped !== value) onChange(snapped);
  };
  /** By whole steps from where it is, even from between two of them. */
  const move = (next: number): void => {
    const bounded = snap(next, min, max, fineStep);
    if (bounded !== value) onChange(bounded);
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const unitStep = event.shiftKey ? fineStep : step;
    const targets: Readonly<Record<string, number>> = {
      ArrowRight: value + unitStep,
      ArrowUp: value + unitStep,
      ArrowLeft: value - unitStep,
      ArrowDown: value - unitStep,
      PageUp: value + 10 * step,
      PageDown: value - 10 * step,
      Home: min,
      End: max,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    // Radix would step its own way.
    event.preventDefault();
    if (!event.repeat) gesture.begin();
    move(target);
  };
  const reset = (): void => {
    if (onReset) onReset();
    else if (resetTo !== undefined) onChange(resetTo);
  };

  const wheel = useRef<(event: WheelEvent) => void>(undefined);
  useEffect(() => {
    wheel.current = (event) => {
      if (disabled || !rail.current?.contains(document.activeElement)) return;
      event.preventDefault();
      move(value - Math.sign(event.deltaY) * (event.shiftKey ? fineStep : step));
    };
  });
  useEffect(() => {
    const element = rail.current;
    const listener = (event: WheelEvent): void => wheel.current?.(event);
    // React's own listener is passive, and the panel would scroll along.
    element?.addEventListener('wheel', listener, { passive: false });
    return () => element?.removeEventListener('wheel', listener);
  }, []);

  const text = props.valueText?.(value) ?? `${formatNumber(value, i18n.language, fineStep)}${unit ? ` ${unit}` : ''}`;
  const hint =
    resetTo === undefined ? undefined : t('reset', { value: formatNumber(resetTo, i18n.language, fineStep) });
  const bar = (
    <Radix.Root
      ref={rail}
      className={clsx(styles.rail, styles[orientation], bare && className)}
      orientation={orientation}
      min={min}
      max={max}
      step={fineStep}
      value={[value]}
      disabled={disabled ?? false}
      title={hint}
      onPointerDown={(event) => {
        fine.current = event.shiftKey;
        gesture.begin();
      }}
      onPointerMove={(event) => (fine.current = event.shiftKey)}
      onLostPointerCapture={gesture.end}
      onValueChange={([next]) => change(next!)}
      onKeyDown={onKeyDown}
      onKeyUp={gesture.end}
      onBlur={gesture.end}
      onDoubleClick={reset}
    >
      <Radix.Track className={styles.track}>
        <Radix.Range className={styles.range} />
      </Radix.Track>
      <Radix.Thumb className={styles.thumb} aria-label={label} aria-valuetext={text} />
    </Radix.Root>
  );
  if (bare) return bar;

  return (
    <div className={clsx(styles.slider, className)} role="group" aria-labelledby={labelId}>
      <span id={labelId} className={styles.label}>
        {label}
      </span>
      <NumberField
        className={styles.number!}
        label={label}
        value={value}
        onChange={onChange}
        min={min}
        max={max}
        step={step}
        precision={fineStep}
        unit={unit}
        disabled={disabled}
      />
      {bar}
      {ends && (
        <span className={styles.ends} aria-hidden="true">
          <span>{ends[0]}</span>
          <span>{ends[1]}</span>
        </span>
      )}
    </div>
  );
}
