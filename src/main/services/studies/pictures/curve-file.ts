import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { curvePointSchema, type CurvePoint } from '../../../../shared/picture-studies.ts';

/**
 * The losses of a run that is going on, a line each, in the folder of its checkpoint. The record is written less often: a
 * program that is killed may leave one that ends before the checkpoint, and the evaluations between would be missing.
 */
export class CurveFile {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, 'curve.jsonl');
  }

  /** Keeps a point at once. Where that fails the disk is full, which shows when checkpoint and record are written. */
  append(point: CurvePoint): void {
    try {
      appendFileSync(this.#path, lineOf(point));
    } catch {
      // Said by whoever writes what the run cannot do without.
    }
  }

  /**
   * The points up to an evaluation, and from then on nothing behind it: it is done again.
   * @param known what the record has
   */
  upTo(total: number, known: readonly CurvePoint[]): CurvePoint[] {
    const kept = [this.#read(), known]
      .map((points) => points.filter(([evaluation]) => evaluation <= total))
      .reduce((longer, points) => (points.length > longer.length ? points : longer));
    try {
      writeFileSync(this.#path, kept.map(lineOf).join(''));
    } catch {
      // As above.
    }
    return [...kept];
  }

  /** What lies in the file; a line that was cut off is left out. */
  #read(): CurvePoint[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch {
      return [];
    }
    return text.split('\n').flatMap((line) => {
      try {
        return [curvePointSchema.parse(JSON.parse(line))];
      } catch {
        return [];
      }
    });
  }
}

const lineOf = (point: CurvePoint): string => `${JSON.stringify(point)}\n`;
