import { useTranslation } from 'react-i18next';
import words from '../../i18n/en/equaliser.json';

const isKnown = (label: string): label is keyof typeof words.labels => Object.hasOwn(words.labels, label);

/** What a network in several sizes calls its layers of the smaller ones. */
const LARGER = /^(.+), (\d+) times as large$/;

/** A layer's label in the person's language, as far as it is one of Madder's own; others are as their network has them. */
export function useLayerWords(): (label: string) => string {
  const { t } = useTranslation();
  const words = (label: string): string => (isKnown(label) ? t(`equaliser.labels.${label}`) : label);
  return (label) => {
    const [, base, factor] = LARGER.exec(label) ?? [];
    return base === undefined ? words(label) : `${words(base)} ×${factor!}`;
  };
}
