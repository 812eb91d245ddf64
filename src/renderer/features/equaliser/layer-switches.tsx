import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { NetworkCard } from '../../../shared/studio/contract.ts';
import { Toggle } from '../../components/switch.tsx';
import { useLayerWords } from './labels.ts';
import styles from './layer-switches.module.css';

type Layer = NetworkCard['layers'][number];

interface LayerSwitchesProps {
  readonly layers: readonly Layer[];
  readonly hint: string;
  readonly isChosen: (name: string) => boolean;
  readonly onToggle: (name: string, on: boolean) => void;
  /** What is said of a layer beside its name. */
  readonly markOf?: (name: string) => string | undefined;
}

/** The layers of a network, fine to coarse, to be chosen from. The last one that is chosen stays. */
export function LayerSwitches({ layers, hint, isChosen, onToggle, markOf }: LayerSwitchesProps) {
  const chosen = layers.filter(({ name }) => isChosen(name));
  return (
    <>
      <p className={styles.hint}>{hint}</p>
      <ul className={styles.list}>
        {layers.map((layer) => (
          <Line
            key={layer.name}
            layer={layer}
            chosen={chosen.includes(layer)}
            last={chosen.length === 1 && chosen[0] === layer}
            mark={markOf?.(layer.name)}
            onToggle={(on) => onToggle(layer.name, on)}
          />
        ))}
      </ul>
    </>
  );
}

interface LineProps {
  readonly layer: Layer;
  readonly chosen: boolean;
  readonly last: boolean;
  readonly mark: string | undefined;
  readonly onToggle: (on: boolean) => void;
}

function Line({ layer: { name, label, receptiveField }, chosen, last, mark, onToggle }: LineProps) {
  const id = useId();
  const { t, i18n } = useTranslation();
  const words = useLayerWords();
  return (
    <li className={styles.line}>
      <label htmlFor={id} className={styles.label}>
        {words(label)}
        <span className={styles.name}>
          {name}
          {receptiveField !== null &&
            ` · ${t('equaliser.field', { size: new Intl.NumberFormat(i18n.language).format(receptiveField) })}`}
        </span>
        {mark !== undefined && <span className={styles.mark}>{mark}</span>}
      </label>
      <Toggle id={id} checked={chosen} disabled={last} onChange={onToggle} />
    </li>
  );
}
