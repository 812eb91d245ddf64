/** What the commands of all studies have in common: where records come from, how progress is shown, and Ctrl-C. */
import cliProgress from 'cli-progress';
import { InvalidArgumentError, type Command } from 'commander';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freeName } from '../../services/painter.ts';
import type { StudyRecord } from '../../services/studies/record.ts';
import { RECORD_FILE } from '../../services/studies/robustness.ts';
import { MadderError } from '../../../shared/errors.ts';
import { whole } from './options.ts';
import { duration, INTERRUPTED, writeJson } from './output.ts';

/** What `studyOptions` adds to a command's options. */
export interface StudyOptions {
  threads?: number;
  out?: string;
  record?: string;
  resume?: string;
  json: boolean;
}

/** Names of options that say how a study is carried out and not what it is: those that may be given beside a record. */
const NEUTRAL = ['threads', 'out', 'record', 'resume', 'json'];

/** @param folder where records go that nobody names a folder for */
export const studyOptions = (command: Command, folder: string): Command =>
  command
    .option('--threads <number>', 'processor threads', whole(1))
    .option('--out <folder>', `where record, tables and figures go (${folder}, numbered if that exists)`)
    .option('--record <file>', 'carry out again what this record did')
    .option('--resume <file>', 'go on with the record of a study that was interrupted')
    .option('--json', 'print one JSON object a line, a summary last', false);

/**
 * The options that a person gave and that a record answers already.
 * @param neutral further options that may be given beside a record
 */
export const determining = (command: Command, neutral: readonly string[] = []): string[] =>
  command.options
    .map((option) => option.attributeName())
    .filter((name) => ![...NEUTRAL, ...neutral].includes(name) && command.getOptionValueSource(name) === 'cli');

/** A study to be carried out. */
export interface Begun<R> {
  readonly record: R;
  readonly file: string;
  readonly notes: readonly string[];
  /** The record that is repeated. */
  readonly original?: R;
}

export interface Beginning<R> {
  readonly options: StudyOptions;
  /** Of `determining`. */
  readonly given: readonly string[];
  /** Where the record goes unless a person says otherwise. */
  readonly folder: string;
  readonly plan: () => Promise<{ readonly record: R; readonly notes: readonly string[] }>;
  readonly read: (file: string) => Promise<R>;
  /** The same study with nothing done. */
  readonly repeat: (record: R) => R;
}

/** A new study, one that is repeated, or one that is gone on with. @throws MadderError in one sentence */
export async function beginStudy<R extends StudyRecord>(beginning: Beginning<R>): Promise<Begun<R>> {
  const { options, given, folder, plan, read, repeat } = beginning;
  const { record: repeated, resume, out } = options;
  const source = repeated ?? resume;
  if (source === undefined) {
    const file = recordIn(out ?? freeName(folder));
    return { ...(await plan()), file };
  }
  if (repeated !== undefined && resume !== undefined) {
    throw new MadderError('input', '--record begins anew and --resume goes on; give one of them.');
  }
  if (given.length > 0) {
    const names = given.map((name) => `--${name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`).join(', ');
    throw new MadderError('input', `The record says what to do; leave out ${names}, or begin a new study.`);
  }
  const record = await read(source);
  if (resume !== undefined) {
    if (out !== undefined)
      throw new MadderError('input', '--resume goes on in the folder of its record; leave out --out.');
    return { record, file: resume, notes: [] };
  }
  const file = recordIn(out ?? freeName(folder));
  return { record: repeat(record), file, notes: [], original: record };
}

function recordIn(folder: string): string {
  const file = join(folder, RECORD_FILE);
  if (existsSync(file)) {
    throw new MadderError(
      'output',
      `${file} exists already; go on with it by --resume ${file}, or choose another folder with --out.`,
    );
  }
  return file;
}

/** Says a sentence on the error stream, or as JSON. */
export const noteTo =
  (json: boolean) =>
  (message: string): void => {
    if (json) writeJson({ type: 'note', message });
    else process.stderr.write(`${message}\n`);
  };

/** Texts between commas. */
export function list(text: string): string[] {
  const entries = text.split(',').map((entry) => entry.trim());
  if (entries.some((entry) => entry === '')) throw new InvalidArgumentError('Expected names with commas between them.');
  return entries;
}

/** Layers of one network, or of all that have none of their own. */
export interface LayersOption {
  readonly network?: string;
  readonly layers: string[];
}

/** Collects `A,B` and `NETWORK=A,B`. */
export function layersOption(text: string, before: readonly LayersOption[] = []): LayersOption[] {
  const at = text.lastIndexOf('=');
  const layers = list(text.slice(at + 1));
  return [...before, at < 0 ? { layers } : { network: text.slice(0, at), layers }];
}

/** Interrupts closer together than this are one key press. */
const SAME_KEY_PRESS_MS = 1000;

/**
 * The first Ctrl-C stops; a second one ends the program at once. Nobody stops listening: the other half of a key press may
 * arrive while tables are being written.
 */
export function onInterrupt(stop: () => void): void {
  let interrupted: number | undefined;
  process.on('SIGINT', () => {
    const now = performance.now();
    // Programs that start others, npx among them, hand the terminal's Ctrl-C on: it arrives twice at once.
    if (interrupted !== undefined && now - interrupted > SAME_KEY_PRESS_MS) process.exit(INTERRUPTED);
    interrupted ??= now;
    stop();
  });
}

/** How far a study is. */
export interface ShownProgress {
  readonly done: number;
  readonly total: number;
  readonly secondsLeft: number;
}

export interface Display<P> {
  readonly show: (progress: P) => void;
  readonly end: () => void;
}

/**
 * JSON lines, or a bar; nothing moves where the error stream is not a terminal.
 * @param where what is being done, in a few words
 */
export function progressDisplay<P extends ShownProgress>(json: boolean, where: (progress: P) => string): Display<P> {
  if (json) return { show: (progress) => writeJson({ type: 'progress', ...progress }), end: () => {} };
  const bar = new cliProgress.SingleBar({
    format: '{bar} {value} of {total}  {where}  {left} left',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    // Ctrl-C is ours: it keeps what is finished.
    gracefulExit: false,
  });
  let started = false;
  return {
    show(progress) {
      const { done, total, secondsLeft } = progress;
      if (!started) bar.start(total, done, {});
      started = true;
      bar.update(done, { where: where(progress), left: duration(secondsLeft) });
    },
    end() {
      if (started) bar.stop();
      started = false;
    },
  };
}
