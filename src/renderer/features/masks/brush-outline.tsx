import styles from './brush-outline.module.css';

/** The brush around the pointer: how far it reaches, and inside of that how far it covers in full. Placed by the canvas. */
export const BrushOutline = () => (
  <span className={styles.outline} aria-hidden="true">
    <span className={styles.core} />
  </span>
);
