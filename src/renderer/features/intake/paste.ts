import i18next from 'i18next';
import type { Program } from '../../app/program.ts';
import { notify } from '../../stores/notices.ts';
import { takeFiles, type Role } from './take-files.ts';

/** The first picture that comes without words is the photo; with a photo there it is a painting. */
const role = ({ documents }: Program): Role => (documents.getState().document.photo ? 'style' : 'photo');

/** Takes pictures that are pasted with the keyboard anywhere but in a text field. */
export function listenForPaste(program: Program): () => void {
  const onPaste = (event: ClipboardEvent): void => {
    if (program.view.getState().screen !== 'studio') return;
    if (event.target instanceof Element && event.target.closest('input, textarea')) return;
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void takeFiles(program, files, role(program));
  };
  window.addEventListener('paste', onPaste);
  return () => window.removeEventListener('paste', onPaste);
}

/**
 * The same from a button or menu, for which the browser may ask the person.
 * @param as what the picture is to become; as ever where it is not given
 */
export async function pasteFiles(program: Program, as: Role = role(program)): Promise<void> {
  const files: File[] = [];
  try {
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find((name) => name.startsWith('image/'));
      if (type) files.push(new File([await item.getType(type)], `clipboard.${type.slice('image/'.length)}`, { type }));
    }
  } catch {
    // Not allowed, or nothing there: the same to the person.
  }
  if (files.length > 0) await takeFiles(program, files, as);
  else notify(program.notices, { tone: 'info', title: i18next.t('intake.nothingToPaste') });
}
