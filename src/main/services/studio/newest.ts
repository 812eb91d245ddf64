/**
 * Passes values on, but not more often than at an interval: of those that come sooner the newest is passed on when the
 * interval is over, so that what was said last is always that which is true.
 */
export class Newest<T> {
  readonly #interval: number;
  readonly #pass: (value: T) => void;
  #passed = -Infinity;
  #due: { readonly value: T; readonly timer: NodeJS.Timeout } | undefined;

  /** @param interval shortest time between two values, ms */
  constructor(interval: number, pass: (value: T) => void) {
    this.#interval = interval;
    this.#pass = pass;
  }

  say(value: T): void {
    const wait = this.#passed + this.#interval - performance.now();
    if (wait <= 0) this.#now(value);
    else this.#due = { value, timer: this.#due?.timer ?? setTimeout(() => this.flush(), wait) };
  }

  /** Passes on at once what waits. */
  flush(): void {
    if (this.#due) this.#now(this.#due.value);
  }

  /** Forgets what waits. */
  drop(): void {
    clearTimeout(this.#due?.timer);
    this.#due = undefined;
  }

  #now(value: T): void {
    this.drop();
    this.#passed = performance.now();
    this.#pass(value);
  }
}
