import { useTranslation } from 'react-i18next';
import type { Sheet } from '../../../shared/studio/studies.ts';

type Axis = Sheet['axes'][number];

/** Names of axes and their values in the language of the window, where it has them; otherwise as the study says. */
export function useAxisWords(): {
  readonly axis: (axis: Axis) => string;
  readonly value: (axis: Axis, label: string) => string;
} {
  const { t, i18n } = useTranslation();
  const known = (key: string): boolean => i18n.exists(key);
  return {
    axis: ({ name, label }) => (known(`laboratory.axes.${name}`) ? t(`laboratory.axes.${name as 'network'}`) : label),
    value: (_, label) => (known(`laboratory.values.${label}`) ? t(`laboratory.values.${label as 'none'}`) : label),
  };
}
