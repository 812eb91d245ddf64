import type { WeightChange } from '../../../shared/recipe.ts';

/** Thrown where a run asks for permission to go on and is told to end; never leaves the engine. */
export class Stopped extends Error {}

/**
 * Steers a run from outside. Every command takes effect between two graph runs, which is when the run comes to `gate`.
 */
export class RunControl {
  #stopped = false;
  #paused = false;
  #changes: WeightChange[] = [];
  #wake: (() => void) | undefined;
  readonly #onPause: ((paused: boolean) => void) | undefined;

  /** @param onPause called when a run really rests (true), and when it goes on (false) */
  constructor(onPause?: (paused: boolean) => void) {
    this.#onPause = onPause;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** The run rests before its next evaluation, and keeps its memory. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#wake?.();
  }

  /** The run ends before its next evaluation, with its best picture. */
  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  /** Moves faders; several changes before the next evaluation take effect together, in order. */
  changeWeights(change: WeightChange): void {
    this.#changes.push(change);
  }

  /** Changes that have not taken effect yet; they are the caller's from now on. */
  takeChanges(): WeightChange[] {
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  get hasChanges(): boolean {
    return this.#changes.length > 0;
  }

  /** Waits while the run is paused and says whether it was. @throws Stopped when it is to end */
  async gate(): Promise<boolean> {
    if (this.#stopped) throw new Stopped();
    if (!this.#paused) return false;
    this.#onPause?.(true);
    while (this.#paused && !this.#stopped) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#wake = undefined;
    this.#onPause?.(false);
    if (this.#stopped) throw new Stopped();
    return true;
  }
}
