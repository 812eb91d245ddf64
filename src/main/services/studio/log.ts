import { appendFile, readFile, rename, stat } from 'node:fs/promises';

/** Lines that are remembered. */
const LINES = 200;
/** The file is begun anew beyond this size; the one before is kept. */
const MAX_BYTES = 512 * 1024;

/** What happened, for those who look for a fault. */
export class Log {
  readonly #file: string | undefined;
  readonly #lines: string[];
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: string | undefined, lines: string[]) {
    this.#file = file;
    this.#lines = lines;
  }

  /** @param file lines are appended to it, and its last ones are remembered from the time before */
  static async open(file?: string): Promise<Log> {
    const text = file === undefined ? '' : await readFile(file, 'utf8').catch(() => '');
    return new Log(file, text.split('\n').filter(Boolean).slice(-LINES));
  }

  /** The last lines, oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  note(text: string): void {
    this.#add(text);
  }

  error(text: string, error: unknown): void {
    this.#add(`${text}: ${described(error)}`);
  }

  async settle(): Promise<void> {
    await this.#writing;
  }

  #add(text: string): void {
    const line = `${new Date().toISOString()} ${text.replaceAll(/\s*\n\s*/g, ' | ')}`;
    this.#lines.push(line);
    if (this.#lines.length > LINES) this.#lines.shift();
    const file = this.#file;
    if (file === undefined) return;
    this.#writing = this.#writing
      .then(async () => {
        const size = await stat(file).then(
          (s) => s.size,
          () => 0,
        );
        if (size > MAX_BYTES) await rename(file, `${file}.old`);
        await appendFile(file, `${line}\n`);
      })
      // A log that cannot be written is no reason to stop.
      .catch(() => {});
  }
}

function described(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` | because: ${described(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
