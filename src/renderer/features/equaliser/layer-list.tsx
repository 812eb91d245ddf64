import { ListPlus } from 'lucide-react';
import { Switch } from 'radix-ui';
import { useId } from 'react';
import { useTranslation } from 'react-i18next';
import type { NetworkCard } from '../../../shared/studio/contract.ts';
import { useProgram } from '../../app/program.ts';
import { IconButton } from '../../components/button.tsx';
import { Popover } from '../../components/popover.tsx';
import { useEffective, useNetwork } from '../../stores/selectors.ts';
import { setLayers } from './edits.ts';
import styles from './layer-list.module.css';
import { useLayerWords } from './labels.ts';
import { unitOf } from './weights.ts';

/** Which of the network's layers have a fader. */
export function LayerList() {
  const { t } = useTranslation();
  const network = useNetwork();
  if (!network || network.layers.length === 0) return null;
  return (
    <Popover
      label={t('equaliser.choose')}
      side="left"
      align="start"
      trigger={<IconButton icon={ListPlus} label={t('equaliser.choose')} />}
    >
      <p className={styles.hint}>{t('equaliser.chooseHint')}</p>
      <ul className={styles.list}>
        {network.layers.map((layer) => (
          <Line key={layer.name} layer={layer} />
        ))}
      </ul>
    </Popover>
  );
}

function Line({ layer }: { readonly layer: NetworkCard['layers'][number] }) {
  const id = useId();
  const { t, i18n } = useTranslation();
  const { documents } = useProgram();
  const { settings, base } = useEffective();
  const words = useLayerWords();
  const { name, label, receptiveField } = layer;
  const { [name]: weight, ...others } = settings.styleLayers;
  const last = weight !== undefined && Object.keys(others).length === 0;
  const toggle = (on: boolean): void => {
    const next = on ? { ...others, [name]: base.styleLayers[name] ?? unitOf(base.styleLayers) } : others;
    documents.edit((draft) => setLayers(draft, next, base.styleLayers));
  };
  return (
    <li className={styles.line}>
      <label htmlFor={id} className={styles.label}>
        {words(label)}
        <span className={styles.name}>
          {name}
          {receptiveField !== null &&
            ` · ${t('equaliser.field', { size: new Intl.NumberFormat(i18n.language).format(receptiveField) })}`}
        </span>
      </label>
      <Switch.Root
        id={id}
        className={styles.switch}
        checked={weight !== undefined}
        disabled={last}
        onCheckedChange={toggle}
      >
        <Switch.Thumb className={styles.thumb} />
      </Switch.Root>
    </li>
  );
}
