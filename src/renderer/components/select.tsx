import { clsx } from 'clsx';
import { ChevronDown } from 'lucide-react';
import { useId } from 'react';
import { Icon } from './icon.tsx';
import styles from './select.module.css';

export interface SelectOption<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly disabled?: boolean;
}

interface SelectProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly SelectOption<T>[];
  readonly onChange: (value: T) => void;
  /** The label is its name, but not seen. */
  readonly bare?: boolean;
  readonly disabled?: boolean;
  readonly className?: string;
}

/** One out of a few. The system's own list: it knows every keyboard, screen reader and touch screen. */
export function Select<T extends string>({
  label,
  value,
  options,
  onChange,
  bare,
  disabled,
  className,
}: SelectProps<T>) {
  const id = useId();
  return (
    <div className={clsx(styles.select, className)}>
      <label htmlFor={id} className={bare ? 'visually-hidden' : styles.label}>
        {label}
      </label>
      <span className={styles.box}>
        <select
          id={id}
          className={styles.input}
          value={value}
          disabled={disabled}
          onChange={(event) => onChange(event.target.value as T)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
        <Icon icon={ChevronDown} size={14} />
      </span>
    </div>
  );
}
