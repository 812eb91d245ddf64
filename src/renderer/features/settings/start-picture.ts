import { ACCEPTED } from '../intake/take-files.ts';
import type { Program } from '../../app/program.ts';
import type { StudioPicture } from '../../../shared/studio/document.ts';
import { set } from '../../stores/edits.ts';
import { notify } from '../../stores/notices.ts';

/** Lets the document begin with a picture. */
const startFrom = ({ documents }: Program, image: StudioPicture): void =>
  documents.edit((draft) => set(draft, 'init', { kind: 'image', image }));

/** Opens the system's file dialog for a picture to begin with. */
export function chooseStart(program: Program): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = ACCEPTED.replace(',.json', '');
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) void take(program, file);
  });
  input.click();
}

async function take(program: Program, file: File): Promise<void> {
  const answer = await program.transport.upload(file, file.name);
  if (answer.ok) startFrom(program, answer.value.picture);
  else notify(program.notices, { tone: 'error', title: answer.problem.message });
}

/** Begins with a result of the history. */
export async function startFromResult(program: Program, result: string): Promise<void> {
  const picture = await program.ask('useResult', { result });
  if (picture) startFrom(program, picture.value);
}
