import { useTranslation } from 'react-i18next';
import { formatDecimal } from '../../i18n/format.ts';

/** The slider of strokes is even to the eye: ten steps double the painting's size, 0 leaves it as the photo's. */
const STEPS_PER_DOUBLING = 10;

export const stepOfScale = (scale: number): number => Math.round(Math.log2(scale) * STEPS_PER_DOUBLING);
export const scaleOfStep = (step: number): number =>
  Math.min(4, Math.max(0.25, Number((2 ** (step / STEPS_PER_DOUBLING)).toFixed(3))));

/** "as in the painting", "1.5 times as large". */
export function useScaleWords(): (scale: number) => string {
  const { t } = useTranslation();
  return (scale) => (scale === 1 ? t('styles.asPainted') : t('styles.times', { factor: formatDecimal(scale, 2) }));
}
