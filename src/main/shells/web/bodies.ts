/** What clients send and are sent, within limits. */
import { mkdtemp, open, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MadderError } from '../../../shared/errors.ts';
import { Refusal } from './guard.ts';

/**
 * The JSON of a request.
 * @throws Refusal where it is longer than `bytes`, takes longer than `ms`, or is not JSON
 */
export async function readJson(request: IncomingMessage, bytes: number, ms: number): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Refusal(408, 'The request took too long to arrive.')), ms);
  });
  try {
    await Promise.race([eachChunk(request, bytes, (chunk) => void chunks.push(chunk)), late]);
  } finally {
    clearTimeout(timer);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw new Refusal(400, 'The request is not JSON.');
  }
}

/**
 * Writes what a request carries to a temporary file, calls `use` with its path, and removes it.
 * @throws Refusal where it is longer than `bytes`
 */
export async function withUploadedFile<T>(
  request: IncomingMessage,
  bytes: number,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'madder-upload-'));
  try {
    const path = join(folder, 'file');
    const file = await open(path, 'wx', 0o600);
    try {
      await eachChunk(request, bytes, (chunk) => file.writeFile(chunk));
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOSPC') throw cause;
      throw new MadderError('output', 'The disk is full; make room and add the file again.', { cause });
    } finally {
      await file.close();
    }
    return await use(path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Leaves the connection open when it refuses, so that the client can be told why. */
async function eachChunk(
  request: IncomingMessage,
  bytes: number,
  take: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  if (Number(request.headers['content-length'] ?? 0) > bytes) throw tooLarge(bytes);
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    if ((length += chunk.length) > bytes) throw tooLarge(bytes);
    await take(chunk);
  }
}

/**
 * JSON in which numbers that are not finite stay such: a failed trial's loss is Infinity. JSON has no word for it, but
 * every parser reads a number beyond the range as one.
 */
export function encodeJson(value: unknown): string {
  let found = false;
  const text = JSON.stringify(value, (_, v: unknown) => {
    if (typeof v !== 'number' || Number.isFinite(v)) return v;
    found = true;
    return v < 0 ? `-${BEYOND}` : BEYOND;
  });
  return found ? text.replaceAll(`"${BEYOND}"`, '1e999').replaceAll(`"-${BEYOND}"`, '-1e999') : text;
}

/** Not to be found in what a person writes. */
const BEYOND = '\uF8FFbeyond\uF8FF';

function tooLarge(bytes: number): Refusal {
  const size = bytes < 2 ** 20 ? `${Math.round(bytes / 2 ** 10)} KiB` : `${Math.round(bytes / 2 ** 20)} MiB`;
  return new Refusal(413, `More than ${size} are not taken at once.`);
}
