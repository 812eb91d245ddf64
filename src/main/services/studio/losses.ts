/** How the losses of runs went, for windows that were not there. */
import type { JobProgress, LossHistory } from '../../../shared/studio/contract.ts';

/** Points of one run that are kept beside the newest; beyond that every second one goes, and later ones are kept half as densely. */
export const MOST_POINTS = 2000;
/** Runs that are remembered: the newest ones. */
const MOST_RUNS = 6;

type Point = LossHistory['points'][number];

export class Losses {
  readonly #runs = new Map<string, RunLosses>();

  append(job: string, progress: JobProgress): void {
    let run = this.#runs.get(job);
    if (!run) {
      this.#runs.set(job, (run = new RunLosses()));
      if (this.#runs.size > MOST_RUNS) this.forget([...this.#runs.keys()][0]!);
    }
    run.append(progress);
  }

  /** Null where nothing is known of the job. */
  of(job: string): LossHistory | null {
    return this.#runs.get(job)?.history ?? null;
  }

  forget(job: string): void {
    this.#runs.delete(job);
  }
}

class RunLosses {
  readonly #terms: LossHistory['terms'] = [];
  /** The place of each term's values in the points, by `kind network layer`. */
  readonly #places = new Map<string, number>();
  #points: Point[] = [];
  #stride = 1;
  #seen = 0;
  /** The newest point is off the grid and makes room for the next one. */
  #passing = false;

  get history(): LossHistory {
    return { terms: this.#terms, points: this.#points };
  }

  append({ total, level, loss, terms }: JobProgress): void {
    // A run that goes on from a checkpoint repeats what it lost.
    while (this.#points.length > 0 && this.#points.at(-1)!.total >= total) this.#pop();
    if (this.#passing) this.#pop();
    const values: Point['values'] = [];
    const weighted: Point['weighted'] = [];
    for (const term of terms) {
      const place = this.#place(term);
      values[place] = finite(term.value);
      weighted[place] = finite(term.weighted);
    }
    this.#points.push({
      total,
      level,
      loss: finite(loss),
      values: Array.from(values, (value) => value ?? null),
      weighted: Array.from(weighted, (value) => value ?? null),
    });
    this.#passing = this.#seen++ % this.#stride !== 0;
    if (!this.#passing && this.#points.length > MOST_POINTS) this.#thin();
  }

  #pop(): void {
    this.#passing = false;
    this.#points.pop();
  }

  #place({ kind, network, layer }: JobProgress['terms'][number]): number {
    const key = `${kind} ${network} ${layer}`;
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.#terms.push({ kind, network, layer }) - 1;
      this.#places.set(key, place);
    }
    return place;
  }

  #thin(): void {
    this.#points = this.#points.filter((_, i) => i % 2 === 0);
    this.#stride *= 2;
    this.#seen = 1;
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
