import { Brush, X } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useStore } from 'zustand';
import { useDocument, useProgram, useView } from '../../app/program.ts';
import { Button, IconButton } from '../../components/button.tsx';
import { Tooltip } from '../../components/tooltip.tsx';
import { setMask } from '../../stores/edits.ts';
import { deskOf } from './desk.ts';
import styles from './mask-controls.module.css';
import { RegionBadge } from './region-badge.tsx';
import { maskOf, sameTarget, type MaskTarget, type Region } from './target.ts';

interface MaskControlsProps {
  readonly target: MaskTarget;
  readonly number: Region['number'];
  /** Of the picture's file. */
  readonly name: string;
}

/** In a panel: the way to a mask, or a small picture of it with what can be done. */
export function MaskControls({ target, number, name }: MaskControlsProps) {
  const program = useProgram();
  const { t } = useTranslation();
  const mask = useDocument((document) => maskOf(document, target) ?? null);
  const photo = useDocument((document) => document.photo !== null);
  const open = useView((state) => sameTarget(state.masking, target));
  const url = useMaskUrl(mask?.sha256);
  const paint = (): void => deskOf(program).open(target);

  if (!mask) {
    const button = (
      <Button
        icon={Brush}
        variant="quiet"
        className={styles.paint}
        aria-pressed={open}
        disabled={!photo}
        onClick={paint}
      >
        {t(target.kind === 'photo' ? 'masks.paintPhoto' : 'masks.paintStyle')}
      </Button>
    );
    return photo ? button : <Tooltip text={t('masks.needsPhoto')}>{button}</Tooltip>;
  }
  return (
    <div className={styles.row}>
      <button type="button" className={styles.edit} aria-pressed={open} onClick={paint}>
        <span className={styles.frame}>
          {url !== undefined && <img className={styles.image} src={url} alt="" draggable={false} />}
          <span className={styles.badge}>
            <RegionBadge number={number} />
          </span>
        </span>
        <span>{t('masks.edit')}</span>
        <span className="visually-hidden">{name}</span>
      </button>
      <IconButton
        icon={X}
        label={t('masks.removeOf', { name })}
        onClick={() => program.documents.edit((draft) => setMask(draft, target, null))}
      />
    </div>
  );
}

/** Address of a small picture of a mask: this window's own, or the library's. Until a new one is encoded the last one stays. */
function useMaskUrl(sha256: string | undefined): string | undefined {
  const { masks, transport } = useProgram();
  const own = useStore(masks.encoded, (all) => (sha256 === undefined ? undefined : all.get(sha256)?.url));
  const foreign = sha256 !== undefined && !masks.isOwn(sha256);
  const url = own ?? (foreign ? transport.assetUrl('thumbnail', sha256) : undefined);
  const [last, setLast] = useState(url);
  if (url !== undefined && url !== last) setLast(url);
  return url ?? last;
}
