import { useId } from 'react';
import { NumberField } from '../../components/number-field.tsx';
import { Segmented } from '../../components/segmented.tsx';
import styles from './settings.module.css';

interface ChoiceProps<T extends string> {
  readonly label: string;
  /** The label is its name, but not seen. */
  readonly bare?: boolean;
  readonly value: T;
  readonly segments: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (value: T) => void;
  /** What the chosen one means. */
  readonly hint: string;
}

/** One out of a few, with a line about the chosen one. */
export function Choice<T extends string>({ label, bare, value, segments, onChange, hint }: ChoiceProps<T>) {
  return (
    <div className={styles.choice}>
      {!bare && <span aria-hidden="true">{label}</span>}
      <Segmented className={styles.wide!} label={label} value={value} segments={segments} onChange={onChange} />
      <p className={styles.hint} role="status">
        {hint}
      </p>
    </div>
  );
}

interface NumberChoiceProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly unit?: string;
  /** Usual values, and what that row of them is called. */
  readonly usual: readonly number[];
  readonly usualLabel: string;
  readonly hint?: string | undefined;
  readonly onChange: (value: number) => void;
}

/** A number that is typed, with the usual ones to be clicked. */
export function NumberChoice(props: NumberChoiceProps) {
  const { label, value, min, max, step, unit, usual, usualLabel, hint, onChange } = props;
  const id = useId();
  return (
    <div className={styles.choice}>
      <div className={styles.row}>
        <label htmlFor={id}>{label}</label>
        <NumberField
          id={id}
          className={styles.number!}
          value={value}
          min={min}
          max={max}
          step={step}
          precision={1}
          unit={unit}
          onChange={onChange}
        />
      </div>
      <Segmented
        className={styles.wide!}
        label={usualLabel}
        value={String(value)}
        segments={usual.map((number) => ({ value: String(number), label: String(number) }))}
        onChange={(next) => onChange(Number(next))}
      />
      {hint !== undefined && <p className={styles.hint}>{hint}</p>}
    </div>
  );
}
