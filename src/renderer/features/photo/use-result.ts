import { useTranslation } from 'react-i18next';
import { useProgram } from '../../app/program.ts';
import { notify } from '../../stores/notices.ts';
import { takePhoto } from './take-photo.ts';

/** Takes a finished picture as the photo of the next one. */
export function usePhotoOfResult(): (result: string) => void {
  const program = useProgram();
  const { ask, documents, notices } = program;
  const { t } = useTranslation();
  return (result) => {
    void ask('useResult', { result }).then((taken) => {
      if (!taken) return;
      takePhoto(program, taken.value);
      const title = t('photo.taken', { name: taken.value.name });
      notify(notices, { tone: 'success', title, action: { label: t('actions.undo'), run: documents.undo } });
    });
  };
}
