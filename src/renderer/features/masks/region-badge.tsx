import { clsx } from 'clsx';
import { useTranslation } from 'react-i18next';
import styles from './region-badge.module.css';
import type { Region } from './target.ts';

interface RegionBadgeProps {
  readonly number: Region['number'];
  /** What has no mask is only outlined. */
  readonly hollow?: boolean;
}

/** A region's number in its colour, as it stands on the canvas. */
export function RegionBadge({ number, hollow = false }: RegionBadgeProps) {
  const { t } = useTranslation();
  return (
    <span className={clsx(styles.badge, hollow && styles.hollow)} data-region={number} aria-hidden="true">
      {number === 'photo' ? t('masks.photoLetter') : number}
    </span>
  );
}
