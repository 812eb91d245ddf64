import { Progress as Radix } from 'radix-ui';
import { useState } from 'react';
import styles from './progress.module.css';

interface ProgressProps {
  readonly label: string;
  /** From 0 to 1; undefined while it is not known how much there is. */
  readonly value: number | undefined;
  /** In words: "iteration 12 of 50, 40 seconds left". */
  readonly text: string;
  /** Nothing is read out by itself. */
  readonly silent?: boolean;
}

/** A bar. Screen readers hear of it at every quarter, not at every step. */
export function Progress({ label, value, text, silent }: ProgressProps) {
  const quarter = value === undefined ? 0 : Math.floor(value * 4);
  const [said, setSaid] = useState({ quarter, text: '' });
  if (quarter !== said.quarter) setSaid({ quarter, text });
  return (
    <>
      <Radix.Root
        className={styles.bar}
        aria-label={label}
        aria-valuetext={text}
        value={value === undefined ? null : value * 100}
      >
        <Radix.Indicator className={styles.fill} style={{ scale: `${value ?? 1} 1` }} />
      </Radix.Root>
      {!silent && (
        <span className="visually-hidden" role="status">
          {said.text}
        </span>
      )}
    </>
  );
}
