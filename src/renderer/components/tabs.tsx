import { Tabs as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import styles from './tabs.module.css';

interface Tab<T extends string> {
  readonly id: T;
  readonly label: string;
  readonly content: ReactNode;
}

interface TabsProps<T extends string> {
  /** Name of the row of tabs. */
  readonly label: string;
  readonly tabs: readonly Tab<T>[];
  /** Leave both out and it keeps track itself. */
  readonly value?: T;
  readonly onChange?: (id: T) => void;
}

export function Tabs<T extends string>({ label, tabs, value, onChange }: TabsProps<T>) {
  const control =
    value === undefined ? { defaultValue: tabs[0]!.id } : { value, onValueChange: (id: string) => onChange?.(id as T) };
  return (
    <Radix.Root className={styles.tabs} {...control}>
      <Radix.List className={styles.list} aria-label={label}>
        {tabs.map(({ id, label: name }) => (
          <Radix.Trigger key={id} value={id} className={styles.tab}>
            {name}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map(({ id, content }) => (
        <Radix.Content key={id} value={id} className={styles.content}>
          {content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
