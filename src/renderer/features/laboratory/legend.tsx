import type { ReactNode } from 'react';
import styles from './legend.module.css';

interface LegendProps {
  /** What a chart shows: a sample of how it is drawn, and its name. */
  readonly entries: readonly { readonly name: string; readonly sample: ReactNode }[];
}

/** Which line or colour of a chart is which, in the order in which they are drawn. */
export function Legend({ entries }: LegendProps) {
  return (
    <ul className={styles.legend}>
      {entries.map(({ name, sample }, i) => (
        <li key={i}>
          {sample}
          {name}
        </li>
      ))}
    </ul>
  );
}
