import { ListPlus } from 'lucide-react';
import { useId, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useProgram } from '../../app/program.ts';
import { IconButton } from '../../components/button.tsx';
import { Popover } from '../../components/popover.tsx';
import { useContentNetwork, useEffective } from '../../stores/selectors.ts';
import { useLayerWords } from '../equaliser/labels.ts';
import { LayerSwitches } from '../equaliser/layer-switches.tsx';
import { useRunSettings } from '../steering/use-steered.ts';
import { keepLayer, keptLayers } from './kept-layers.ts';
import { Later } from './settings-section.tsx';
import styles from './settings.module.css';

/** By which layers the picture is held to the photo: from every line of its drawing to nothing but its large shapes. */
export function Kept() {
  const id = useId();
  const group = useRef<HTMLDivElement>(null);
  const { t } = useTranslation();
  const { documents } = useProgram();
  const network = useContentNetwork();
  const { settings, base } = useEffective();
  const run = useRunSettings();
  const words = useLayerWords();
  if (!network || network.layers.length === 0) return null;
  const weights = settings.contentLayers;
  const names = network.layers.map(({ name }) => name);
  const kept = keptLayers(weights, names);
  const labelled = network.layers.filter(({ name }) => kept.includes(name));
  const toggle = (name: string, on: boolean): void =>
    documents.edit((draft) => keepLayer(draft, name, on, { weights, suggested: base.contentLayers, network: names }));
  const added = run !== undefined && kept.some((name) => !(name in run.contentLayers));
  return (
    <div ref={group} className={styles.choice} role="group" aria-labelledby={id}>
      <div className={styles.row}>
        <span id={id} className={styles.grow}>
          {t('settings.balance.kept')}
        </span>
        <Popover
          label={t('settings.balance.keptChoose')}
          side="left"
          align="start"
          beside={group}
          trigger={<IconButton icon={ListPlus} label={t('settings.balance.keptChoose')} />}
        >
          <LayerSwitches
            layers={network.layers}
            hint={t('settings.balance.keptHint')}
            isChosen={(name) => kept.includes(name)}
            onToggle={toggle}
            markOf={(name) => (name in network.suggested.contentLayers ? t('settings.balance.keptUsual') : undefined)}
          />
        </Popover>
      </div>
      <ul className={styles.kept}>
        {labelled.map(({ name, label }) => (
          <li key={name}>
            {words(label)} <span className={styles.hint}>{name}</span>
          </li>
        ))}
      </ul>
      {added && <Later>{t('equaliser.added')}</Later>}
    </div>
  );
}
