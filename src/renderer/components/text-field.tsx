import { clsx } from 'clsx';
import type { LucideIcon } from 'lucide-react';
import { useId, type ComponentProps } from 'react';
import { Icon } from './icon.tsx';
import styles from './text-field.module.css';

interface TextFieldProps extends Omit<ComponentProps<'input'>, 'onChange' | 'value'> {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** The label is its name, but not seen. */
  readonly bare?: boolean;
  /** At its beginning, such as a magnifying glass. */
  readonly icon?: LucideIcon;
}

/** A line of text. */
export function TextField({ label, value, onChange, bare, icon, className, ...rest }: TextFieldProps) {
  const id = useId();
  return (
    <div className={clsx(styles.field, className)}>
      <label htmlFor={id} className={bare ? 'visually-hidden' : styles.label}>
        {label}
      </label>
      <span className={clsx(styles.box, icon && styles.withIcon)}>
        {icon && <Icon icon={icon} size={14} />}
        <input
          id={id}
          type="text"
          autoComplete="off"
          spellCheck={false}
          {...rest}
          className={styles.input}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      </span>
    </div>
  );
}
