/** How much of a study's pictures is a fine pattern: measured when somebody asks, and kept beside the record. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ResponseOf } from '../../../../shared/studio/contract.ts';
import { measureCheckerboard, PERIODS } from '../../../engine/measures/checkerboard.ts';
import { decodeImage } from '../../../codec/decode.ts';
import { toPicture } from '../../../codec/picture.ts';
import type { Log } from '../log.ts';
import { readStored, writeStored } from '../stored.ts';

/** Beside the record; it can be measured again whenever it is gone. */
export const PATTERNS_FILE = 'patterns.json';

const patternSchema = z.strictObject({
  periods: z.array(z.strictObject({ period: z.number(), value: z.number() })),
  overall: z.number(),
});
const storedSchema = z.strictObject({
  version: z.literal(1),
  /** By file inside the study's folder. */
  pictures: z.record(z.string(), patternSchema.extend({ modified: z.number() })),
});
type Stored = z.output<typeof storedSchema>;

export class Patterns {
  readonly #log: Log;
  /** One picture after another: spectra take the program's own time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(log: Log) {
    this.#log = log;
  }

  /**
   * @param folder of the study
   * @param picture a file inside it
   * @throws MadderError `input` for a picture that is too small, or all of one brightness
   */
  of(folder: string, picture: string): Promise<ResponseOf<'checkerboard'>> {
    const measured = this.#turn.then(() => this.#measured(folder, picture));
    this.#turn = measured.catch(() => {});
    return measured;
  }

  async #measured(folder: string, picture: string): Promise<ResponseOf<'checkerboard'>> {
    const file = join(folder, PATTERNS_FILE);
    const stored: Stored = (await readStored(file, (value) => storedSchema.parse(value), this.#log)) ?? {
      ...{ version: 1, pictures: {} },
    };
    const path = join(folder, picture);
    const { mtimeMs: modified } = await stat(path);
    const before = stored.pictures[picture];
    // A picture that was made again may be another one.
    if (before?.modified === modified) return { periods: before.periods, overall: before.overall };
    const { periods, overall } = measureCheckerboard(toPicture(await decodeImage(path)));
    const found = { periods: PERIODS.map((period) => ({ period, value: periods[period] })), overall };
    stored.pictures[picture] = { ...found, modified };
    // What cannot be kept (a full disk, a study that is removed meanwhile) is measured again the next time.
    await writeStored(file, stored).catch((error: unknown) => this.#log.error('Patterns could not be kept', error));
    return found;
  }
}
