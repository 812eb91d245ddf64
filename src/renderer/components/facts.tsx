import type { ReactNode } from 'react';
import styles from './facts.module.css';

interface FactsProps {
  /** Those without a value are left out. */
  readonly facts: readonly (readonly [string, ReactNode])[];
}

/** Names and values below each other. */
export const Facts = ({ facts }: FactsProps) => (
  <dl className={styles.facts}>
    {facts
      .filter(([, value]) => value !== undefined && value !== null && value !== '')
      .map(([name, value]) => (
        <div key={name} className={styles.fact}>
          <dt className={styles.name}>{name}</dt>
          <dd className={styles.value}>{value}</dd>
        </div>
      ))}
  </dl>
);
