import { clsx } from 'clsx';
import type { LucideIcon } from 'lucide-react';
import { ToggleGroup } from 'radix-ui';
import { Icon } from './icon.tsx';
import styles from './segmented.module.css';
import { Tooltip } from './tooltip.tsx';

interface Segment<T extends string> {
  readonly value: T;
  readonly label: string;
  /** With an icon the label becomes its tooltip. */
  readonly icon?: LucideIcon;
  readonly shortcut?: string | undefined;
  readonly disabled?: boolean;
}

interface SegmentedProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly segments: readonly Segment<T>[];
  readonly onChange: (value: T) => void;
  readonly className?: string;
}

/** One out of two to five, all of them in view. Arrow keys move inside. */
export const Segmented = <T extends string>({ label, value, segments, onChange, className }: SegmentedProps<T>) => (
  <ToggleGroup.Root
    type="single"
    className={clsx(styles.group, className)}
    aria-label={label}
    value={value}
    // Radix says '' when the chosen one is pressed again; something is always chosen here.
    onValueChange={(next) => next !== '' && onChange(next as T)}
  >
    {segments.map(({ value: id, label: name, icon, shortcut, disabled = false }) => {
      const item = (
        <ToggleGroup.Item
          key={id}
          value={id}
          className={styles.segment}
          disabled={disabled}
          {...(icon ? { 'aria-label': name } : {})}
        >
          {icon ? <Icon icon={icon} /> : name}
        </ToggleGroup.Item>
      );
      return icon ? (
        <Tooltip key={id} text={name} shortcut={shortcut}>
          {item}
        </Tooltip>
      ) : (
        item
      );
    })}
  </ToggleGroup.Root>
);
