import type { StudioDocument } from '../../shared/studio/document.ts';
import type { DocumentStore } from './document.ts';

/** ms of quiet before the document is saved. */
const QUIET = 800;

/**
 * Saves the document a moment after its last change, and at once when the window goes away.
 * @param save whether it worked; what was not saved is tried again with the next change
 * @returns what ends it
 */
export function autosave(documents: DocumentStore, save: (document: StudioDocument) => Promise<boolean>): () => void {
  let saved = documents.getState().document;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    const { document } = documents.getState();
    if (document === saved) return;
    const before = saved;
    saved = document;
    void save(document).then((ok) => {
      if (!ok && saved === document) saved = before;
    });
  };
  const ends = documents.subscribe(() => {
    clearTimeout(timer);
    timer = setTimeout(flush, QUIET);
  });
  const hidden = (): void => {
    if (document.visibilityState === 'hidden') flush();
  };
  document.addEventListener('visibilitychange', hidden);
  window.addEventListener('pagehide', flush);
  return () => {
    flush();
    ends();
    document.removeEventListener('visibilitychange', hidden);
    window.removeEventListener('pagehide', flush);
  };
}
