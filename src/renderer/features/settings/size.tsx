import { useTranslation } from 'react-i18next';
import { finalSize } from '../../../shared/studio/effective.ts';
import { useDocument, useProgram } from '../../app/program.ts';
import { set } from '../../stores/edits.ts';
import { useEffective } from '../../stores/selectors.ts';
import { NumberChoice } from './choice.tsx';
import { SettingsSection } from './settings-section.tsx';

const SIZES = [512, 768, 1024, 1536, 2048];
const ITERATIONS = [25, 50, 100, 200, 500];

/** How large the picture gets, and how long it is worked on. */
export function Size() {
  const { t } = useTranslation();
  const { documents } = useProgram();
  const photo = useDocument((document) => document.photo);
  const effective = useEffective();
  const { settings, side } = effective;
  const final = finalSize({ photo }, effective);
  const { size, iterations } = settings;
  return (
    <SettingsSection
      id="size"
      title={t('settings.size.title')}
      names={['size', 'iterations']}
      summary={t('settings.size.summary', { size, iterations })}
    >
      <NumberChoice
        label={t(`settings.size.${side}`)}
        value={size}
        min={64}
        max={16_384}
        step={64}
        unit="px"
        usual={SIZES}
        usualLabel={t('settings.size.presets')}
        hint={final && t('settings.size.result', final)}
        onChange={(next) => documents.edit((draft) => set(draft, 'size', next))}
      />
      <NumberChoice
        label={t('settings.size.iterations')}
        value={iterations}
        min={1}
        max={10_000}
        step={10}
        usual={ITERATIONS}
        usualLabel={t('settings.size.iterationPresets')}
        hint={t('settings.size.iterationsHint')}
        onChange={(next) => documents.edit((draft) => set(draft, 'iterations', next))}
      />
    </SettingsSection>
  );
}
