import { useTranslation } from 'react-i18next';
import { useProgram } from '../../app/program.ts';
import { setPhoto } from '../../stores/edits.ts';
import { notify } from '../../stores/notices.ts';

/** Takes a finished picture as the photo of the next one. */
export function usePhotoOfResult(): (result: string) => void {
  const { ask, documents, notices } = useProgram();
  const { t } = useTranslation();
  return (result) => {
    void ask('useResult', { result }).then((taken) => {
      if (!taken) return;
      documents.edit((draft) => setPhoto(draft, taken.value));
      const title = t('photo.taken', { name: taken.value.name });
      notify(notices, { tone: 'success', title, action: { label: t('actions.undo'), run: documents.undo } });
    });
  };
}
