import { Star } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { PresetEntry } from '../../../shared/studio/contract.ts';
import { useDocument } from '../../app/program.ts';
import { GalleryCard } from '../../components/gallery.tsx';
import { Icon } from '../../components/icon.tsx';
import { useEffective } from '../../stores/selectors.ts';
import { isModified } from './preset-edits.ts';
import styles from './preset-card.module.css';
import { PresetPicture } from './preset-picture.tsx';

interface PresetCardProps {
  readonly entry: PresetEntry;
  readonly chosen: boolean;
  readonly onChoose: () => void;
}

export function PresetCard({ entry, chosen, onChoose }: PresetCardProps) {
  const { t } = useTranslation();
  const { id, value, builtIn, favourite } = entry;
  const mark = usePresetMark(id);
  const line = mark ?? t(builtIn ? 'presets.builtIn' : 'presets.own');
  return (
    <GalleryCard
      picture={<PresetPicture entry={entry} />}
      title={value.name}
      line={mark ? <strong className={styles.mark}>{line}</strong> : line}
      corner={
        favourite && (
          <span className={styles.star} title={t('presets.favourite')}>
            <Icon icon={Star} size={14} />
          </span>
        )
      }
      chosen={chosen}
      onChoose={onChoose}
    />
  );
}

/** Whether the document paints by this preset, and has been changed since. */
export function usePresetMark(id: string): string | undefined {
  const { t } = useTranslation();
  const document = useDocument((value) => value);
  const effective = useEffective();
  if (document.preset?.id !== id) return undefined;
  return t(isModified(document, effective) ? 'presets.modified' : 'presets.inUse');
}
