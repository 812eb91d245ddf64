import { useTranslation } from 'react-i18next';
import { useDocument } from '../../app/program.ts';
import { Section } from '../../components/section.tsx';
import { useEffective } from '../../stores/selectors.ts';
import { Equaliser, EqualiserTools } from '../equaliser/equaliser.tsx';
import { useRunSettings } from '../steering/use-steered.ts';
import { Later, useModified } from './settings-section.tsx';

/** The section of the layer equaliser. */
export function Layers() {
  const { t } = useTranslation();
  const { muted, solo } = useDocument((document) => document.faders);
  const modified = useModified(['styleLayers']) || muted.length > 0 || solo !== null;
  const { styleLayers } = useEffective().settings;
  const run = useRunSettings();
  const added = run !== undefined && Object.keys(styleLayers).some((name) => !(name in run.styleLayers));
  return (
    <Section
      id="settings.layers"
      title={t('settings.layers.title')}
      mark={modified ? t('settings.modified') : undefined}
      actions={<EqualiserTools modified={modified} />}
    >
      <Equaliser />
      {added && <Later>{t('equaliser.added')}</Later>}
    </Section>
  );
}
