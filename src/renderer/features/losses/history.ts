import type { JobProgress } from '../../../shared/studio/contract.ts';

/** Points that are kept of one run; beyond that every second one goes, and later ones are kept half as densely. */
export const MOST_POINTS = 4000;

/** One term of the loss over a run. */
export interface TermHistory {
  readonly kind: string;
  readonly layer: string;
  /** As they enter the loss; null where there was none. */
  readonly weighted: (number | null)[];
  /** The unweighted value at the first iteration that had one: what level meters measure by. */
  readonly first: number;
  /** The unweighted value now. */
  newest: number;
}

const usable = (value: number | null): value is number => value !== null && Number.isFinite(value) && value > 0;

/** How a run's loss and its terms went. It grows in place; whoever shows it is told by its store. */
export class LossHistory {
  /** Iterations over all levels, ascending. */
  readonly totals: number[] = [];
  readonly losses: (number | null)[] = [];
  /** By `kind network layer`, in the order in which they came. */
  readonly terms = new Map<string, TermHistory>();
  /** The iterations with which levels began, the first one aside. */
  readonly levels: number[] = [];
  #level: number | undefined;
  #stride = 1;
  #seen = 0;
  /** The newest point is off the grid and makes room for the next one. */
  #passing = false;

  append({ total, loss, terms, level }: Pick<JobProgress, 'total' | 'loss' | 'terms' | 'level'>): void {
    // A run that goes on from a checkpoint repeats what it lost.
    while (this.totals.length > 0 && this.totals.at(-1)! >= total) this.#pop();
    if (this.#passing) this.#pop();
    if (this.#level !== undefined && level !== this.#level) this.levels.push(total);
    this.#level = level;

    const at = this.totals.length;
    this.totals.push(total);
    this.losses.push(usable(loss) ? loss : null);
    for (const term of terms) this.#term(term, at);
    for (const { weighted } of this.terms.values()) if (weighted.length === at) weighted.push(null);
    this.#passing = this.#seen++ % this.#stride !== 0;
    if (this.totals.length > MOST_POINTS) this.#thin();
  }

  #term({ kind, network, layer, value, weighted }: JobProgress['terms'][number], at: number): void {
    const key = `${kind} ${network} ${layer}`;
    let term = this.terms.get(key);
    if (!term) {
      term = { kind, layer, weighted: Array<null>(at).fill(null), first: value, newest: value };
      this.terms.set(key, term);
    }
    term.newest = value;
    term.weighted.push(usable(weighted) ? weighted : null);
  }

  #pop(): void {
    this.#passing = false;
    this.totals.pop();
    this.losses.pop();
    for (const { weighted } of this.terms.values()) weighted.pop();
  }

  #thin(): void {
    for (const list of [this.totals, this.losses, ...[...this.terms.values()].map(({ weighted }) => weighted)]) {
      const kept = (list as unknown[]).filter((_, i) => i % 2 === 0);
      list.splice(0, list.length, ...(kept as never[]));
    }
    this.#stride *= 2;
    this.#seen = 1;
    this.#passing = false;
  }
}
