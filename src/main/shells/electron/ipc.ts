/** What the window may say, and that it is the window who says it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ipcMain, type IpcMainInvokeEvent, type WebContents } from 'electron';
import { MadderError } from '../../../shared/errors.ts';
import { CHANNELS } from '../../../shared/studio/channels.ts';
import type { Answer } from '../../../shared/studio/contract.ts';
import {
  answer,
  checkFileName,
  checkRequest,
  isMethodName,
  type StudioProgram,
} from '../../../shared/studio/program.ts';
import { WINDOW_ORIGIN } from './protocols.ts';

/** Node reads files up to half of this in one piece; no picture comes near. */
const MAX_UPLOAD = 2 ** 30;

export interface IpcOptions {
  readonly program: Pick<StudioProgram, 'call' | 'upload'>;
  /** The one window's. */
  readonly contents: () => WebContents | undefined;
  readonly onDefect: (error: unknown) => void;
}

export function handleMessages({ program, contents, onDefect }: IpcOptions): void {
  const handle = (channel: string, count: number, work: (...given: unknown[]) => Promise<unknown>) =>
    ipcMain.handle(channel, (event, ...given: unknown[]): Promise<Answer<unknown>> =>
      answer(async () => {
        checkSender(event, contents());
        if (given.length !== count) throw new MadderError('input', 'The window said something unknown.');
        return work(...given);
      }, onDefect),
    );
  handle(CHANNELS.call, 2, async (method, request) => {
    if (!isMethodName(method)) throw new MadderError('input', 'There is no such request.');
    return program.call(method, checkRequest(method, request));
  });
  handle(CHANNELS.upload, 2, async (bytes, name) => {
    if (!(bytes instanceof ArrayBuffer)) throw new MadderError('input', 'The file did not arrive; add it again.');
    if (bytes.byteLength > MAX_UPLOAD) throw new MadderError('input', 'The file is too large; choose a smaller one.');
    return uploadBytes(program, new Uint8Array(bytes), checkFileName(name));
  });
}

/** Only the page that this program serves, in the main frame of its window. */
function checkSender({ sender, senderFrame }: IpcMainInvokeEvent, contents: WebContents | undefined): void {
  const own =
    contents !== undefined &&
    sender === contents &&
    senderFrame !== null &&
    senderFrame === contents.mainFrame &&
    senderFrame.url.startsWith(`${WINDOW_ORIGIN}/`);
  if (!own) throw new MadderError('input', 'Only the window of Madder may ask.');
}

async function uploadBytes(program: IpcOptions['program'], bytes: Uint8Array, name: string): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'madder-upload-'));
  try {
    const path = join(folder, 'file');
    try {
      await writeFile(path, bytes, { mode: 0o600 });
    } catch (cause) {
      throw new MadderError('output', 'The file could not be kept; make room on the disk and add it again.', { cause });
    }
    return await program.upload(path, name);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
