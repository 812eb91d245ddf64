import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { JobProgress, LossHistory as Remembered } from '../../../shared/studio/contract.ts';
import { useProgram, type Program } from '../../app/program.ts';
import { activeJob } from '../../stores/session.ts';
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

/** The losses of the runs that this window has seen or asked for. */
export function lossesOf(program: Program): LossStore {
  let store = stores.get(program);
  if (!store) stores.set(program, (store = createStore<Losses>(() => ({ runs: new Map(), version: 0 }))));
  return store;
}

/** Writes down how the losses go, after what the program remembers of the run that is painted now or was painted last. */
export function recordLosses(program: Program): () => void {
  const { session, transport, onEvent } = program;
  const store = lossesOf(program);
  /** What is said of runs while what was before is on its way. */
  const early = new Map<string, JobProgress[]>();

  const put = (job: string, history: LossHistory): void =>
    store.setState(({ runs, version }) => {
      const others = [...runs].filter(([id]) => id !== job).slice(1 - MOST_RUNS);
      return { runs: runs.get(job) === history ? runs : new Map([...others, [job, history]]), version: version + 1 };
    });
  const append = (job: string, progress: JobProgress): void => {
    const history = store.getState().runs.get(job) ?? new LossHistory();
    history.append(progress);
    put(job, history);
  };
  const recall = async (): Promise<void> => {
    const { jobs } = session.getState();
    const job = (activeJob(session.getState()) ?? jobs.findLast(({ progress }) => progress !== undefined))?.id;
    if (job === undefined || early.has(job)) return;
    const said: JobProgress[] = [];
    early.set(job, said);
    const answer = await transport.call('losses', { job });
    early.delete(job);
    const remembered = answer.ok ? answer.value : null;
    if (remembered && remembered.points.length > 0) put(job, historyOf(remembered));
    const last = remembered?.points.at(-1)?.total ?? -Infinity;
    for (const progress of said) if (progress.total > last) append(job, progress);
  };

  const endEvents = onEvent((event) => {
    if (event.type !== 'progress') return;
    const { job, progress } = event;
    const said = early.get(job);
    if (said) said.push(progress);
    else append(job, progress);
  });
  // What was said while the connection was lost is not said again.
  const endConnection = transport.onConnection((connected) => void (connected && recall()));
  void recall();
  return () => {
    endEvents();
    endConnection();
  };
}

function historyOf({ terms, points }: Remembered): LossHistory {
  const history = new LossHistory();
  for (const { total, level, loss, values, weighted } of points) {
    const known = terms.flatMap((term, i) => {
      const value = values[i] ?? null;
      return value === null ? [] : [{ ...term, value, weighted: weighted[i] ?? NaN }];
    });
    history.append({ total, level, loss: loss ?? NaN, terms: known });
  }
  return history;
}

/** A value out of the losses; it must be a plain one, since histories grow in place. */
export const useLosses = <T>(select: (losses: Losses) => T): T => useStore(lossesOf(useProgram()), select);
