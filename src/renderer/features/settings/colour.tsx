import { useTranslation } from 'react-i18next';
import { COLOURS } from '../../../shared/recipe.ts';
import { useProgram } from '../../app/program.ts';
import { set } from '../../stores/edits.ts';
import { useEffective } from '../../stores/selectors.ts';
import { Choice } from './choice.tsx';
import { SettingsSection } from './settings-section.tsx';

/** Whose colours the picture gets. */
export function Colour() {
  const { t } = useTranslation();
  const { documents } = useProgram();
  const { colour } = useEffective().settings;
  return (
    <SettingsSection
      id="colour"
      title={t('settings.colour.title')}
      names={['colour']}
      summary={t(`settings.colour.kinds.${colour}`)}
    >
      <Choice
        bare
        label={t('settings.colour.label')}
        value={colour}
        segments={COLOURS.map((value) => ({ value, label: t(`settings.colour.kinds.${value}`) }))}
        hint={t(`settings.colour.hints.${colour}`)}
        onChange={(next) => documents.edit((draft) => set(draft, 'colour', next))}
      />
    </SettingsSection>
  );
}
