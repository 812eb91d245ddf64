import { ArrowDown, ArrowUp, ChevronDown, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { StudioDocument } from '../../../shared/studio/document.ts';
import { useProgram } from '../../app/program.ts';
import { IconButton } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { Picture } from '../../components/picture.tsx';
import { Slider } from '../../components/slider.tsx';
import { formatPercent, formatPixels } from '../../i18n/format.ts';
import { MaskControls } from '../masks/mask-controls.tsx';
import { RegionBadge } from '../masks/region-badge.tsx';
import { changeStyle, moveStyle, removeStyle } from '../../stores/edits.ts';
import styles from './style-item.module.css';
import { scaleOfStep, stepOfScale, useScaleWords } from './scale.ts';

interface StyleItemProps {
  readonly style: StudioDocument['styles'][number];
  readonly index: number;
  readonly count: number;
  /** Of all shares together; of no meaning where it has a mask. */
  readonly share: number;
}

/** One painting of the mix. Its arrow buttons, or Alt and an arrow key anywhere in it, move it. */
export function StyleItem({ style, index, count, share }: StyleItemProps) {
  const { documents, view } = useProgram();
  const { t } = useTranslation();
  const [opened, setOpened] = useState<boolean>();
  const item = useRef<HTMLLIElement>(null);
  const { picture } = style;
  const { name } = picture;
  const open = opened ?? count <= 2;

  const move = (step: -1 | 1): void => {
    const to = index + step;
    if (to < 0 || to >= count) return;
    // Moving its element takes the focus away from what is inside.
    const held = document.activeElement;
    documents.edit((draft) => moveStyle(draft, index, to));
    requestAnimationFrame(() => held instanceof HTMLElement && item.current?.contains(held) && held.focus());
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (!event.altKey || (event.key !== 'ArrowUp' && event.key !== 'ArrowDown')) return;
    event.preventDefault();
    event.stopPropagation();
    move(event.key === 'ArrowUp' ? -1 : 1);
  };

  return (
    <li ref={item} className={styles.item} onKeyDownCapture={onKeyDown}>
      <div className={styles.head}>
        <button
          type="button"
          className={styles.look}
          title={t('styles.look')}
          onClick={() => view.setState({ mode: 'style', styleIndex: index })}
        >
          <Picture kind="thumbnail" id={picture.sha256} className={styles.picture} />
          {style.mask && (
            <span className={styles.badge}>
              <RegionBadge number={index + 1} />
            </span>
          )}
          <span className="visually-hidden">{`${t('styles.look')}: ${name}`}</span>
        </button>
        <button type="button" className={styles.name} aria-expanded={open} onClick={() => setOpened(!open)}>
          <span className={styles.words}>
            <span className={styles.title} title={name}>
              {name}
            </span>
            <span className={styles.line}>
              {style.mask
                ? t('masks.ownRegion')
                : count > 1
                  ? t('styles.shareOf', { share: formatPercent(share) })
                  : formatPixels(picture)}
            </span>
          </span>
          <span className={styles.chevron}>
            <Icon icon={ChevronDown} size={14} />
          </span>
        </button>
        <IconButton
          icon={X}
          label={t('styles.remove', { name })}
          onClick={() => documents.edit((draft) => removeStyle(draft, index))}
        />
      </div>
      {open && <Controls style={style} index={index} count={count} onMove={move} />}
    </li>
  );
}

interface ControlsProps extends Omit<StyleItemProps, 'share'> {
  readonly onMove: (step: -1 | 1) => void;
}

function Controls({ style, index, count, onMove }: ControlsProps) {
  const { documents } = useProgram();
  const { t } = useTranslation();
  const scaleWords = useScaleWords();
  const { name, sha256 } = style.picture;
  const target = { kind: 'style', picture: sha256 } as const;
  return (
    <div className={styles.controls}>
      {count > 1 && !style.mask && (
        <Slider
          label={t('styles.share')}
          value={Math.round(style.weight * 100)}
          min={0}
          max={100}
          step={5}
          fineStep={1}
          unit="%"
          resetTo={100}
          onChange={(percent) => documents.edit((draft) => changeStyle(draft, index, { weight: percent / 100 }))}
        />
      )}
      <div className={styles.scale}>
        <span aria-hidden="true">{t('styles.strokes')}</span>
        <span className={styles.value} aria-hidden="true">
          {scaleWords(style.scale)}
        </span>
        <Slider
          bare
          label={t('styles.strokes')}
          value={stepOfScale(style.scale)}
          min={-20}
          max={20}
          step={2}
          fineStep={1}
          resetTo={0}
          valueText={(step) => scaleWords(scaleOfStep(step))}
          onChange={(step) => documents.edit((draft) => changeStyle(draft, index, { scale: scaleOfStep(step) }))}
        />
        <span className={styles.ends} aria-hidden="true">
          <span>{t('styles.finer')}</span>
          <span>{t('styles.larger')}</span>
        </span>
      </div>
      <MaskControls target={target} number={index + 1} name={name} />
      {count > 1 && (
        <div className={styles.order}>
          <span>{t('styles.place', { place: index + 1, count })}</span>
          <IconButton
            icon={ArrowUp}
            label={t('styles.up', { name })}
            shortcut={`${t('keys.alt')}+↑`}
            disabled={index === 0}
            onClick={() => onMove(-1)}
          />
          <IconButton
            icon={ArrowDown}
            label={t('styles.down', { name })}
            shortcut={`${t('keys.alt')}+↓`}
            disabled={index === count - 1}
            onClick={() => onMove(1)}
          />
        </div>
      )}
    </div>
  );
}
