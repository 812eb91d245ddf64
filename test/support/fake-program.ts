import { readFile } from 'node:fs/promises';
import { MadderError } from '../../src/shared/errors.ts';
import type { Imported, MethodName, StudioEvent } from '../../src/shared/studio/contract.ts';
import type { StudioAsset, StudioProgram } from '../../src/shared/studio/program.ts';

/** What was asked of a FakeProgram. */
export type Asked =
  | { readonly method: MethodName; readonly request: unknown }
  | { readonly upload: string; readonly bytes: Uint8Array }
  | { readonly asset: string };

/** A program that writes down what it is asked, and answers with what a test gives it. */
export class FakeProgram implements StudioProgram {
  readonly asked: Asked[] = [];
  readonly assets = new Map<string, StudioAsset>();
  closed = false;
  answers: Partial<Record<MethodName, unknown>> = {};
  readonly #listeners = new Set<(event: StudioEvent) => void>();

  async call(method: MethodName, request: unknown): Promise<never> {
    this.asked.push({ method, request });
    const answer = this.answers[method];
    if (answer instanceof Error) throw answer;
    return answer as never;
  }

  async upload(path: string, name: string): Promise<Imported> {
    const bytes = await readFile(path);
    this.asked.push({ upload: name, bytes });
    if (bytes.length === 0) throw new MadderError('input', `${name} is empty; choose a picture.`);
    return { picture: { sha256: 'a'.repeat(64), name, width: 1, height: 1 }, notes: [] };
  }

  async asset(kind: string, id: string): Promise<StudioAsset | undefined> {
    this.asked.push({ asset: `${kind}/${id}` });
    return this.assets.get(`${kind}/${id}`);
  }

  subscribe(listener: (event: StudioEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  emit(event: StudioEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** A preview event, which slow windows do without. */
export const previewEvent = (preview: number): StudioEvent => ({
  type: 'preview',
  job: 'job',
  preview,
  width: 1,
  height: 1,
  total: preview,
});

/** A queue event, which none does. */
export const queueEvent = (jobs: string[] = []): StudioEvent => ({ type: 'queue', jobs, paused: false });
