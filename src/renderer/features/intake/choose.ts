import type { Program } from '../../app/program.ts';
import { ACCEPTED, takeFiles, type Role } from './take-files.ts';

/** Opens the system's file dialog. */
export function chooseFiles(program: Program, role: Role): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.accept = ACCEPTED;
  input.multiple = role === 'style';
  input.addEventListener('change', () => void takeFiles(program, [...(input.files ?? [])], role));
  input.click();
}
