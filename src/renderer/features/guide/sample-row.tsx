import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import type { StudioPicture } from '../../../shared/studio/document.ts';
import { useDocument, useProgram, useSession } from '../../app/program.ts';
import { Icon } from '../../components/icon.tsx';
import styles from './sample-row.module.css';

interface SampleRowProps {
  readonly kind: 'photo' | 'painting';
  readonly onChoose: (picture: StudioPicture) => void;
  /** Stands at the end of the row. */
  readonly children?: ReactNode;
}

/** The samples that come with Madder, to be clicked. */
export function SampleRow({ kind, onChoose, children }: SampleRowProps) {
  const { transport } = useProgram();
  const samples = useSession((session) => session.samples);
  const chosen = useDocument(({ photo, styles: all }) => (kind === 'photo' ? photo : all[0]?.picture)?.sha256);
  return (
    <div className={styles.row}>
      {samples
        .filter((sample) => sample.kind === kind)
        .map(({ name, title, picture }) => (
          <button
            key={name}
            type="button"
            className={styles.sample}
            aria-pressed={picture.sha256 === chosen}
            onClick={() => onChoose(picture)}
          >
            <img className={styles.picture} src={transport.assetUrl('thumbnail', picture.sha256)} alt="" />
            <span className={styles.title}>{title}</span>
          </button>
        ))}
      {children}
    </div>
  );
}

interface OpenTileProps {
  readonly icon: LucideIcon;
  readonly label: string;
  readonly onClick: () => void;
}

/** At the end of the row: a picture of one's own. */
export const OpenTile = ({ icon, label, onClick }: OpenTileProps) => (
  <button type="button" className={styles.sample} onClick={onClick}>
    <span className={styles.open}>
      <Icon icon={icon} size={22} />
    </span>
    <span className={styles.title}>{label}</span>
  </button>
);
