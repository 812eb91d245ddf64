import { clsx } from 'clsx';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useGesture } from './gesture.ts';
import styles from './number-field.module.css';
import { clamp, formatNumber, parseNumber, snap } from './number.ts';

interface NumberFieldProps {
  /** Name for screen readers; give `id` instead where a `<label>` names it. */
  readonly label?: string | undefined;
  readonly id?: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
  readonly min: number;
  readonly max: number;
  /** What the arrow keys add; ten times that with Page Up and Page Down, a tenth with Shift. */
  readonly step: number;
  /** How finely typed values count; the step where it is not given. */
  readonly precision?: number;
  /** Stands behind the number. */
  readonly unit?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly className?: string;
}

/** A number that is typed. It counts when Enter is pressed or the field is left; Escape brings the old one back. */
export function NumberField({
  label,
  id,
  value,
  onChange,
  min,
  max,
  step,
  precision = step,
  unit,
  disabled,
  className,
}: NumberFieldProps) {
  const { i18n } = useTranslation();
  const gesture = useGesture();
  const [draft, setDraft] = useState<string>();
  const shown = draft ?? formatNumber(value, i18n.language, precision);

  const commit = (): void => {
    const typed = draft === undefined ? undefined : parseNumber(draft);
    setDraft(undefined);
    if (typed !== undefined) change(typed, precision);
  };
  const change = (next: number, grid: number): void => {
    const bounded = snap(clamp(next, min, max), min, max, grid);
    if (bounded !== value) onChange(bounded);
  };
  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>): void => {
    const sizes: Readonly<Record<string, number>> = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
    const steps = sizes[event.key];
    if (event.key === 'Enter') commit();
    else if (event.key === 'Escape' && draft !== undefined) {
      event.stopPropagation();
      setDraft(undefined);
    } else if (steps !== undefined) {
      event.preventDefault();
      if (!event.repeat) gesture.begin();
      const fine = event.shiftKey ? Math.max(precision, step / 10) : step;
      setDraft(undefined);
      change((draft === undefined ? value : (parseNumber(draft) ?? value)) + steps * fine, Math.min(fine, precision));
    }
  };

  return (
    <span className={clsx(styles.field, className)}>
      <input
        id={id}
        className={styles.input}
        type="text"
        inputMode="decimal"
        role="spinbutton"
        autoComplete="off"
        aria-label={label}
        aria-valuenow={value}
        aria-valuemin={min}
        aria-valuemax={max}
        aria-valuetext={unit ? `${shown} ${unit}` : shown}
        value={shown}
        disabled={disabled}
        onChange={(event) => setDraft(event.target.value)}
        onFocus={(event) => event.target.select()}
        onBlur={() => {
          gesture.end();
          commit();
        }}
        onKeyDown={onKeyDown}
        onKeyUp={gesture.end}
      />
      {unit && (
        <span className={styles.unit} aria-hidden="true">
          {unit}
        </span>
      )}
    </span>
  );
}
