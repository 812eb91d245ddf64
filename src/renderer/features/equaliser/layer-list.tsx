import { ListPlus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useProgram } from '../../app/program.ts';
import { IconButton } from '../../components/button.tsx';
import { Popover } from '../../components/popover.tsx';
import { useEffective, useNetwork } from '../../stores/selectors.ts';
import { setLayers } from './edits.ts';
import { LayerSwitches } from './layer-switches.tsx';
import { unitOf } from './weights.ts';

/** Which of the network's layers have a fader. */
export function LayerList() {
  const { t } = useTranslation();
  const { documents } = useProgram();
  const network = useNetwork();
  const { settings, base } = useEffective();
  if (!network || network.layers.length === 0) return null;
  const toggle = (name: string, on: boolean): void => {
    const { [name]: _, ...others } = settings.styleLayers;
    const next = on ? { ...others, [name]: base.styleLayers[name] ?? unitOf(base.styleLayers) } : others;
    documents.edit((draft) => setLayers(draft, next, base.styleLayers));
  };
  return (
    <Popover
      label={t('equaliser.choose')}
      side="left"
      align="start"
      trigger={<IconButton icon={ListPlus} label={t('equaliser.choose')} />}
    >
      <LayerSwitches
        layers={network.layers}
        hint={t('equaliser.chooseHint')}
        isChosen={(name) => name in settings.styleLayers}
        onToggle={toggle}
      />
    </Popover>
  );
}
