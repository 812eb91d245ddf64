import { useTranslation } from 'react-i18next';
import { useProgram } from '../../app/program.ts';
import { notify } from '../../stores/notices.ts';

/** Sets the studio up as a picture of a study was painted; undo brings back what was there. */
export function useRecipe(): (study: string, cell: string) => Promise<void> {
  const { ask, documents, notices, view } = useProgram();
  const { t } = useTranslation();
  return async (study, cell) => {
    const found = await ask('studyRecipe', { study, cell });
    if (!found) return;
    const { document, missing, notes } = found.value;
    documents.edit((draft) => void Object.assign(draft, document));
    view.setState({ screen: 'studio', mode: 'result' });
    const detail = [...missing.map((name) => t('laboratory.missingPicture', { name })), ...notes].join(' ');
    notify(notices, {
      tone: 'success',
      title: t('laboratory.taken'),
      ...(detail ? { detail } : {}),
      action: { label: t('actions.undo'), run: documents.undo },
    });
  };
}
