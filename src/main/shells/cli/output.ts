import { MadderError } from '../../../shared/errors.ts';

/** Exit code of a run that was interrupted: 128 + SIGINT, as shells count. */
export const INTERRUPTED = 130;

/** One JSON object on a line of its own. */
export function writeJson(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/**
 * Says what went wrong: one sentence on the error stream, and as JSON on the output where that was asked for.
 * A defect of the program (anything but a MadderError) also shows its stack. Returns the exit code.
 */
export function report(error: unknown, json: boolean): number {
  const expected = error instanceof MadderError;
  const message = error instanceof Error ? error.message : String(error);
  if (json) writeJson({ type: 'error', kind: expected ? error.kind : 'defect', message });
  process.stderr.write(`madder: ${message}\n`);
  if (!expected && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
  return expected ? 1 : 70;
}

/** Seconds in words for a progress line: `8 s`, `1 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

/** Bytes in words: `640 kB`, `8.3 MB`, `548 MB`. */
export function megabytes(bytes: number): string {
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  return `${bytes < 1e7 ? (bytes / 1e6).toFixed(1) : Math.round(bytes / 1e6)} MB`;
}
