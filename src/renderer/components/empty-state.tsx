import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './empty-state.module.css';
import { Icon } from './icon.tsx';

interface EmptyStateProps {
  readonly icon?: LucideIcon;
  readonly title: string;
  /** What to do about it. */
  readonly text?: string;
  /** Buttons. */
  readonly children?: ReactNode;
}

/** What stands where nothing is yet: it says what belongs there and how it comes. */
export const EmptyState = ({ icon, title, text, children }: EmptyStateProps) => (
  <div className={styles.empty}>
    {icon && <Icon icon={icon} size={28} />}
    <p className={styles.title}>{title}</p>
    {text !== undefined && <p className={styles.text}>{text}</p>}
    {children && <div className={styles.actions}>{children}</div>}
  </div>
);
