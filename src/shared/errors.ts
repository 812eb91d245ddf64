/**
 * What kind of thing went wrong. Shells turn it into an exit code or a dialog; nothing else may depend on message text.
 * - `input`: a file or value that a person gave cannot be used
 * - `network`: a network file is broken, or asks for something that Madder cannot differentiate
 * - `output`: a result could not be written
 * - `optimization`: the picture diverged, went flat, or an objective is undefined
 * - `runtime`: a device or the inference runtime failed
 */
export type ErrorKind = 'input' | 'network' | 'output' | 'optimization' | 'runtime';

/** An error that a person can act on: one plain sentence saying what was wrong and what to do. */
export class MadderError extends Error {
  readonly kind: ErrorKind;
  constructor(kind: ErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'MadderError';
    this.kind = kind;
  }
}
