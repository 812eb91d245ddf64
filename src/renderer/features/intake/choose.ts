import type { Program } from '../../app/program.ts';
import { ACCEPTED, PICTURES, takeFiles, type Role } from './take-files.ts';
import { deskOf } from '../masks/desk.ts';

/** Opens the system's file dialog. */
export const chooseFiles = (program: Program, role: Role): void =>
  openDialog(ACCEPTED, role === 'style', (files) => void takeFiles(program, files, role));

/** The same for the picture that becomes the mask which is open. */
export const chooseMask = (program: Program): void =>
  openDialog(PICTURES, false, ([file]) => void (file && deskOf(program).load(file)));

function openDialog(accept: string, multiple: boolean, onFiles: (files: readonly File[]) => void): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = accept;
  input.multiple = multiple;
  input.addEventListener('change', () => onFiles([...(input.files ?? [])]));
  input.click();
}
