import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import { useProgram, type Program } from '../../app/program.ts';
import { LossHistory } from './history.ts';

/** Runs whose losses are remembered: the newest ones. */
const MOST_RUNS = 6;

interface Losses {
  /** By job id, the oldest first. */
  readonly runs: ReadonlyMap<string, LossHistory>;
  /** Counts what was added: histories grow in place. */
  readonly version: number;
}
export type LossStore = StoreApi<Losses>;

const stores = new WeakMap<Program, LossStore>();

/** The losses of the runs that this window has seen. */
export function lossesOf(program: Program): LossStore {
  let store = stores.get(program);
  if (!store) stores.set(program, (store = createStore<Losses>(() => ({ runs: new Map(), version: 0 }))));
  return store;
}

/** Writes down how the losses go from here on. */
export function recordLosses(program: Program): () => void {
  const store = lossesOf(program);
  return program.onEvent((event) => {
    if (event.type !== 'progress') return;
    const { runs, version } = store.getState();
    const history = runs.get(event.job) ?? new LossHistory();
    history.append(event.progress);
    const others = [...runs].filter(([id]) => id !== event.job).slice(1 - MOST_RUNS);
    store.setState({
      runs: runs.has(event.job) ? runs : new Map([...others, [event.job, history]]),
      version: version + 1,
    });
  });
}

/** A value out of the losses; it must be a plain one, since histories grow in place. */
export const useLosses = <T>(select: (losses: Losses) => T): T => useStore(lossesOf(useProgram()), select);
