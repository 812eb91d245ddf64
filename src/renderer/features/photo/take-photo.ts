import i18next from 'i18next';
import { masksOf, type StudioPicture } from '../../../shared/studio/document.ts';
import type { Program } from '../../app/program.ts';
import { removeMasks, setPhoto } from '../../stores/edits.ts';
import { notify } from '../../stores/notices.ts';

/** Paints another photo from now on, and says what that means for the masks. */
export function takePhoto({ documents, notices }: Pick<Program, 'documents' | 'notices'>, photo: StudioPicture): void {
  const before = documents.getState().document;
  documents.edit((draft) => setPhoto(draft, photo));
  if (masksOf(before).length === 0 || before.photo?.sha256 === photo.sha256) return;
  const kept = masksOf(documents.getState().document).length > 0;
  notify(notices, {
    tone: 'info',
    title: i18next.t(kept ? 'masks.kept' : 'masks.dropped'),
    action: kept
      ? { label: i18next.t('masks.removeAll'), run: () => documents.edit(removeMasks) }
      : { label: i18next.t('actions.undo'), run: documents.undo },
  });
}
