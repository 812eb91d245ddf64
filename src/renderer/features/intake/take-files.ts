import i18next from 'i18next';
import type { Program } from '../../app/program.ts';
import type { Imported } from '../../../shared/studio/contract.ts';
import { addStyle, MOST_STYLES } from '../../stores/edits.ts';
import { dismiss, notify } from '../../stores/notices.ts';
import { takePhoto } from '../photo/take-photo.ts';

/** What a picture is to become. */
export type Role = 'photo' | 'style';

const PICTURE = /\.(jpe?g|png|webp|tiff?|gif|avif)$/i;
const PRESET = /\.json$/i;
/** ms after which a person is told that a file is being read. */
const PATIENCE = 400;

/** What the file dialog offers: pictures, and presets too. */
export const PICTURES = 'image/jpeg,image/png,image/webp,image/tiff,image/gif,image/avif,.tif,.tiff';
export const ACCEPTED = `${PICTURES},.json`;

/** Takes files that were dropped, pasted or chosen, and says what cannot be used, and why. */
export async function takeFiles(program: Program, files: readonly File[], role: Role): Promise<void> {
  const { notices } = program;
  let styles = 0;
  let photos = 0;
  for (const file of files) {
    if (PRESET.test(file.name)) await takePreset(program, file);
    else if (!PICTURE.test(file.name) && !file.type.startsWith('image/')) {
      const title = i18next.t('intake.wrongType', { name: file.name });
      notify(notices, { tone: 'warning', title, detail: i18next.t('intake.wrongTypeDetail') });
    } else if (role === 'style' ? styles++ < MOST_STYLES : photos++ === 0) {
      const imported = await upload(program, file);
      if (imported) placeImported(program, imported, role);
    }
  }
  if (styles > MOST_STYLES) {
    notify(notices, { tone: 'info', title: i18next.t('intake.tooMany', { count: MOST_STYLES }) });
  }
}

/** Puts a picture into the document, or asks first when it carries its recipe. */
export function placeImported(program: Program, imported: Imported, role: Role): void {
  const { documents, notices, view } = program;
  if (imported.painted) {
    view.setState({ painted: imported });
    return;
  }
  const { picture, notes } = imported;
  if (role === 'photo') takePhoto(program, picture);
  else documents.edit((draft) => void addStyle(draft, picture));
  if (role === 'photo') view.setState({ mode: 'result', peeking: false });
  if (notes.length > 0) notify(notices, { tone: 'info', title: picture.name, detail: notes.join(' ') });
}

/** Brings a file into the library, and says what is wrong with it where that cannot be. */
export async function upload({ transport, notices }: Program, file: File): Promise<Imported | undefined> {
  const timer = setTimeout(() => {
    notify(notices, { tone: 'info', title: i18next.t('intake.reading', { name: file.name }) });
  }, PATIENCE);
  const answer = await transport.upload(file, file.name);
  clearTimeout(timer);
  const reading = notices
    .getState()
    .list.find(({ title }) => title === i18next.t('intake.reading', { name: file.name }));
  if (reading) dismiss(notices, reading.id);
  if (answer.ok) return answer.value;
  notify(notices, { tone: 'error', title: answer.problem.message });
  return undefined;
}

async function takePreset({ ask, notices }: Program, file: File): Promise<void> {
  const added = await ask('importPreset', { text: await file.text() });
  if (!added) return;
  const title = i18next.t('intake.presetAdded', { name: added.value.value.name });
  notify(notices, { tone: 'success', title });
}
