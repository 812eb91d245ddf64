import { clsx } from 'clsx';
import { useTranslation } from 'react-i18next';
import { useProgram } from '../../app/program.ts';
import { Slider } from '../../components/slider.tsx';
import { toggleMute, toggleSolo } from './edits.ts';
import styles from './equaliser.module.css';
import { useLayerWords } from './labels.ts';
import { Meter } from './meter.tsx';
import type { Strip } from './use-faders.ts';

interface ChannelProps {
  readonly strip: Strip;
  readonly top: number;
  readonly onMove: (percent: number) => void;
}

/** One channel of the desk: what its layer is called, its fader with the level behind it, solo and mute. */
export function Channel({ strip, top, onMove }: ChannelProps) {
  const { t, i18n } = useTranslation();
  const { documents } = useProgram();
  const words = useLayerWords();
  const { name, percent, suggested, muted, solo, heard } = strip;
  const label = words(strip.label);
  const shown = new Intl.NumberFormat(i18n.language, { style: 'percent' }).format(percent / 100);
  const spoken = (value: number): string =>
    muted
      ? t('equaliser.valueMuted', { percent: value })
      : heard
        ? t('equaliser.value', { percent: value })
        : t('equaliser.valueSilent', { percent: value });
  return (
    <li className={styles.channel} data-heard={heard || undefined}>
      <span className={styles.percent} aria-hidden="true">
        {shown}
      </span>
      <div className={styles.desk}>
        <span className={styles.label} title={`${label} · ${name}`} aria-hidden="true">
          {label !== name && <span className={styles.words}>{label}</span>}
          <span className={styles.name}>{name}</span>
        </span>
        <span className={styles.slot}>
          <Meter layer={name} heard={heard} />
          <Slider
            bare
            orientation="vertical"
            className={styles.fader!}
            label={t('equaliser.fader', { label, name })}
            value={percent}
            min={0}
            max={top}
            step={5}
            fineStep={1}
            unit="%"
            valueText={spoken}
            resetTo={suggested}
            onChange={onMove}
          />
        </span>
      </div>
      <div className={styles.switches}>
        <button
          type="button"
          className={clsx(styles.switch, styles.solo)}
          aria-label={t('equaliser.solo', { label, name })}
          aria-pressed={solo}
          title={t('equaliser.solo', { label, name })}
          onClick={() => documents.edit((draft) => toggleSolo(draft, name))}
        >
          S
        </button>
        <button
          type="button"
          className={clsx(styles.switch, styles.mute)}
          aria-label={t('equaliser.mute', { label, name })}
          aria-pressed={muted}
          title={t('equaliser.mute', { label, name })}
          onClick={() => documents.edit((draft) => toggleMute(draft, name))}
        >
          M
        </button>
      </div>
    </li>
  );
}
