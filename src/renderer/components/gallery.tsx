import { clsx } from 'clsx';
import type { ReactNode } from 'react';
import styles from './gallery.module.css';

interface GalleryProps {
  /** Name of the list. */
  readonly label: string;
  /** Above the pictures: search, buttons. */
  readonly toolbar?: ReactNode;
  /** What is said of the chosen one, at the side. */
  readonly details: ReactNode;
  /** Below the pictures. */
  readonly foot?: ReactNode;
  /** Instead of the pictures. */
  readonly instead?: ReactNode;
  /** `GalleryCard`s. */
  readonly children?: ReactNode;
}

/** A dialog's body: pictures to choose from, and the chosen one's details beside them. */
export const Gallery = ({ label, toolbar, details, foot, instead, children }: GalleryProps) => (
  <div className={styles.gallery}>
    <div className={styles.main}>
      {toolbar && <div className={styles.toolbar}>{toolbar}</div>}
      <div className={styles.scroll}>
        {instead ?? (
          <ul className={styles.grid} aria-label={label}>
            {children}
          </ul>
        )}
      </div>
      {foot && <div className={styles.foot}>{foot}</div>}
    </div>
    <div className={styles.details}>{details}</div>
  </div>
);

interface GalleryCardProps {
  readonly picture: ReactNode;
  readonly title: string;
  /** In small type below the title. */
  readonly line?: ReactNode;
  /** In the picture's corner: a star, a mark. */
  readonly corner?: ReactNode;
  readonly chosen: boolean;
  readonly onChoose: () => void;
  readonly onOpen?: () => void;
}

/** One of them. A click chooses it, a double click opens it. */
export const GalleryCard = ({ picture, title, line, corner, chosen, onChoose, onOpen }: GalleryCardProps) => (
  <li className={styles.item}>
    <button
      type="button"
      className={clsx(styles.card, chosen && styles.chosen)}
      aria-pressed={chosen}
      onClick={onChoose}
      onDoubleClick={onOpen}
    >
      {picture}
      <span className={styles.title}>{title}</span>
      {line && <span className={styles.line}>{line}</span>}
    </button>
    {corner && <span className={styles.corner}>{corner}</span>}
  </li>
);
