import { SwatchBook } from 'lucide-react';
import type { PresetEntry } from '../../../shared/studio/contract.ts';
import { Icon } from '../../components/icon.tsx';
import { Picture } from '../../components/picture.tsx';
import styles from './preset-picture.module.css';

interface PresetPictureProps {
  readonly entry: PresetEntry;
  readonly className?: string | undefined;
}

/** A preset's thumbnail; where it has none, its faders drawn small: from fine strokes to large shapes. */
export function PresetPicture({ entry: { id, thumbnail, value }, className }: PresetPictureProps) {
  if (thumbnail) return <Picture kind="preset-thumbnail" id={id} icon={SwatchBook} className={className} />;
  const weights = Object.values(value.objective?.styleLayers ?? {});
  const most = Math.max(...weights, 0);
  return (
    <span className={styles.faders}>
      {most > 0 ? (
        weights.map((weight, i) => (
          // Their order is what they are.
          <span key={i} className={styles.fader}>
            <span className={styles.knob} style={{ bottom: `${(75 * weight) / most}%` }} />
          </span>
        ))
      ) : (
        <Icon icon={SwatchBook} size={20} />
      )}
    </span>
  );
}
