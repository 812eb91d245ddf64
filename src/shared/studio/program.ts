/** The program behind the window, as the shells see it: they carry its calls, events and pictures, and nothing else. */
import { z } from 'zod';
import { MadderError } from '../errors.ts';
import {
  assetRequestSchema,
  METHODS,
  type Answer,
  type AssetKind,
  type Imported,
  type MethodName,
  type Problem,
  type ResponseOf,
  type StudioEvent,
} from './contract.ts';

/** A request as it reaches the program: checked, defaults filled in. */
export type CheckedRequestOf<M extends MethodName> = z.output<(typeof METHODS)[M]['request']>;

/** A picture that a shell may serve. */
export interface StudioAsset {
  /** MIME type. */
  readonly type: string;
  /** A file, or the bytes where there is none. */
  readonly content: string | Uint8Array;
  /** Offered for download under this name. */
  readonly fileName?: string;
}

/** Implemented by the studio service; the shells know nothing more of it. */
export interface StudioProgram {
  /** `request` was checked against METHODS. Rejects with a MadderError where a person can do something about it. */
  call<M extends MethodName>(method: M, request: CheckedRequestOf<M>): Promise<ResponseOf<M>>;
  /** Adds a file to the library. It stays the caller's, who may remove it as soon as this settles. */
  upload(path: string, name: string): Promise<Imported>;
  /** `undefined` where there is no such picture. */
  asset(kind: AssetKind, id: string): Promise<StudioAsset | undefined>;
  /** Called for every event; returns what ends the subscription. */
  subscribe(listener: (event: StudioEvent) => void): () => void;
  /** Ends the engines; runs keep their checkpoints. */
  close(): Promise<void>;
}

/** What a person is told about an error; `onDefect` gets those that are the program's own. */
export function problemOf(error: unknown, onDefect: (error: unknown) => void): Problem {
  if (error instanceof MadderError) return { kind: error.kind, message: error.message };
  onDefect(error);
  return { kind: 'defect', message: error instanceof Error ? error.message : String(error) };
}

/** A method of the contract by a name that came from outside. */
export const isMethodName = (name: unknown): name is MethodName =>
  typeof name === 'string' && Object.hasOwn(METHODS, name);

/**
 * A request that came from outside, checked.
 * @throws MadderError `input` where it is not what the contract says
 */
export function checkRequest<M extends MethodName>(method: M, request: unknown): CheckedRequestOf<M> {
  const schema: z.ZodType = METHODS[method].request;
  const parsed = schema.safeParse(request);
  if (!parsed.success) throw new MadderError('input', `${method} was asked wrongly (${firstIssue(parsed.error)}).`);
  return parsed.data as CheckedRequestOf<M>;
}

/**
 * The kind and id of a picture that was asked for from outside, checked.
 * @throws MadderError `input`
 */
export function checkAsset(kind: unknown, id: unknown): { readonly kind: AssetKind; readonly id: string } {
  const parsed = assetRequestSchema.safeParse({ kind, id });
  if (!parsed.success) throw new MadderError('input', 'There is no such picture.');
  return parsed.data;
}

/** Longest file name that file systems agree on. */
const MAX_NAME = 255;

/**
 * The name of a file that comes from outside: a name, never a path.
 * @throws MadderError `input`
 */
export function checkFileName(name: unknown): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is refused here
  if (typeof name !== 'string' || !/^[^/\\\u0000-\u001f\u007f]+$/.test(name) || /^\.{1,2}$/.test(name)) {
    throw new MadderError('input', 'The file needs a name without folders.');
  }
  if (name.length > MAX_NAME) throw new MadderError('input', 'The name of the file is too long; rename it.');
  return name;
}

/** What `work` gives, or what went wrong with it, as an answer for the window. */
export async function answer<T>(work: () => Promise<T>, onDefect: (error: unknown) => void): Promise<Answer<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, problem: problemOf(error, onDefect) };
  }
}

function firstIssue({ issues }: z.ZodError): string {
  const issue = issues[0]!;
  const where = issue.path.map(String).join('.');
  return (where ? `${where}: ${issue.message}` : issue.message).slice(0, 200);
}
