import { Switch as Radix } from 'radix-ui';
import { useId, type ReactNode } from 'react';
import styles from './switch.module.css';

interface SwitchProps {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  /** A line below, in small type. */
  readonly hint?: ReactNode;
  readonly disabled?: boolean;
}

/** On or off, at once. */
export function Switch({ label, checked, onChange, hint, disabled = false }: SwitchProps) {
  const id = useId();
  return (
    <div className={styles.row}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      <Toggle
        id={id}
        checked={checked}
        disabled={disabled}
        onChange={onChange}
        {...(hint ? { describedBy: `${id}-hint` } : {})}
      />
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface ToggleProps extends Pick<SwitchProps, 'checked' | 'onChange' | 'disabled'> {
  /** What the label names. */
  readonly id: string;
  /** The id of what says more. */
  readonly describedBy?: string;
}

/** The switch alone, where its label stands elsewhere. */
export function Toggle({ id, checked, onChange, disabled = false, describedBy }: ToggleProps) {
  return (
    <Radix.Root
      id={id}
      className={styles.switch}
      checked={checked}
      disabled={disabled}
      onCheckedChange={onChange}
      aria-describedby={describedBy}
    >
      <Radix.Thumb className={styles.thumb} />
    </Radix.Root>
  );
}
