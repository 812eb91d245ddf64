import { useTranslation } from 'react-i18next';
import type { Obstacle } from '../../../shared/studio/effective.ts';

/** Says why a start is impossible, in the person's language. */
export function useObstacleWords(): (obstacle: Obstacle) => string {
  const { t } = useTranslation();
  return (obstacle) => {
    switch (obstacle.kind) {
      case 'networkUnknown':
      case 'networkAbsent':
        return t(`studio.obstacles.${obstacle.kind}`, { network: obstacle.network });
      case 'layerUnknown':
        return t('studio.obstacles.layerUnknown', { layer: obstacle.layer, network: obstacle.network });
      case 'tooLarge':
        return obstacle.smallerSize === null
          ? t('studio.obstacles.tooLarge')
          : t('studio.obstacles.tooLargeSmaller', { size: obstacle.smallerSize });
      default:
        return t(`studio.obstacles.${obstacle.kind}`);
    }
  };
}
