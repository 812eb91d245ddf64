import { clsx } from 'clsx';
import { Image, type LucideIcon } from 'lucide-react';
import { useState } from 'react';
import type { AssetKind } from '../../shared/studio/contract.ts';
import { useProgram } from '../app/program.ts';
import { Icon } from './icon.tsx';
import styles from './picture.module.css';

interface PictureProps {
  readonly kind: AssetKind;
  /** Undefined: there is none, and the icon stands in for it. */
  readonly id: string | undefined;
  /** Of pictures that change. */
  readonly version?: number;
  /** Empty where words beside it say the same. */
  readonly alt?: string;
  readonly icon?: LucideIcon;
  /** Shown whole instead of cut to fill its place. */
  readonly whole?: boolean;
  readonly className?: string | undefined;
}

/** A small picture of the program's; where it is missing, an icon keeps its place. */
export function Picture({ kind, id, version, alt = '', icon = Image, whole, className }: PictureProps) {
  const { transport } = useProgram();
  const url = id === undefined ? undefined : transport.assetUrl(kind, id, version);
  const [broken, setBroken] = useState<string>();
  return (
    <span className={clsx(styles.frame, whole && styles.whole, className)}>
      {url !== undefined && url !== broken ? (
        <img className={styles.image} src={url} alt={alt} draggable={false} onError={() => setBroken(url)} />
      ) : (
        <Icon icon={icon} size={20} />
      )}
    </span>
  );
}
