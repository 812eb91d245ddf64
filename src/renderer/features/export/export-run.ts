import i18next from 'i18next';
import { useCallback } from 'react';
import { useStore } from 'zustand';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { ExportOptions, ResponseOf, Result } from '../../../shared/studio/contract.ts';
import { useProgram, type Program } from '../../app/program.ts';
import { notify } from '../../stores/notices.ts';

/** A file that was written, or that was there and stayed. */
export type Written = NonNullable<ResponseOf<'exportResult'>>;

/** An export that is going on. */
export interface ExportRun {
  /** What the program calls it. */
  readonly id: string;
  readonly result: Result;
  /** Of the file, 0 to 1; 0 while the picture is read. */
  readonly fraction: number;
  /** Undefined while nothing can be said of it. */
  readonly secondsLeft: number | undefined;
  /** It takes long enough to be watched: a bar for a small picture would only flash. */
  readonly slow: boolean;
  readonly cancelling: boolean;
}

interface Exports {
  readonly run: ExportRun | undefined;
  /** What the dialog says of the last one. */
  readonly written: Written | undefined;
}
type ExportStore = StoreApi<Exports>;

/** A bar appears after so long, ms. */
const SLOW_MS = 500;

const stores = new WeakMap<Program, ExportStore>();

/** The exports of this window: they go on while their dialog is closed. */
export function exportsOf(program: Program): ExportStore {
  let store = stores.get(program);
  if (!store) stores.set(program, (store = createStore<Exports>(() => ({ run: undefined, written: undefined }))));
  return store;
}

const change = (store: ExportStore, id: string, how: (run: ExportRun) => Partial<ExportRun>): void =>
  store.setState(({ run }) => (run?.id === id ? { run: { ...run, ...how(run) } } : {}));

/**
 * Writes a result, one at a time. When it is done, the dialog says so where it is open, otherwise a notice does.
 * @param path chosen in the system's dialog, or null
 * @returns what was written; undefined where it was cancelled or could not be, which the person is told
 */
export async function exportPicture(
  program: Program,
  result: Result,
  options: ExportOptions,
  path: string | null,
): Promise<Written | undefined> {
  const store = exportsOf(program);
  if (store.getState().run) return undefined;
  const id = crypto.randomUUID();
  const run: ExportRun = { id, result, fraction: 0, secondsLeft: undefined, slow: false, cancelling: false };
  store.setState({ run });
  let since: { readonly at: number; readonly fraction: number } | undefined;
  const endEvents = program.onEvent((event) => {
    if (event.type !== 'exporting' || event.export !== id) return;
    const { fraction } = event;
    const at = performance.now();
    const secondsLeft = since && timeLeft(fraction - since.fraction, 1 - fraction, (at - since.at) / 1000);
    // Reading the picture is no measure of writing it.
    if (fraction > 0) since ??= { at, fraction };
    change(store, id, () => ({ fraction, secondsLeft }));
  });
  const timer = setTimeout(() => change(store, id, () => ({ slow: true })), SLOW_MS);
  const request = { result: result.id, options, export: id, ...(path === null ? {} : { path }) };
  const answer = await program.ask('exportResult', request);
  clearTimeout(timer);
  endEvents();
  store.setState({ run: undefined });
  const written = answer?.value;
  if (written) tell(program, store, written);
  else if (answer) notify(program.notices, { tone: 'info', title: i18next.t('export.cancelled') });
  return written ?? undefined;
}

/** Seconds for the rest at the speed so far; undefined while there was too little. */
const timeLeft = (done: number, rest: number, seconds: number): number | undefined =>
  done > 0 && seconds > 1 ? (seconds * rest) / done : undefined;

function tell(program: Program, store: ExportStore, written: Written): void {
  if (program.view.getState().dialog === 'export') return store.setState({ written });
  const desktop = program.session.getState().shell === 'desktop';
  notify(program.notices, {
    tone: written.skipped ? 'info' : 'success',
    title: i18next.t(written.skipped ? 'export.skipped' : desktop ? 'export.done' : 'export.ready'),
    detail: fileName(written),
    action: desktop
      ? {
          label: i18next.t('export.showInFolder'),
          run: () => void program.ask('showInFolder', { path: written.path }),
        }
      : { label: i18next.t('export.download'), run: () => saveDownload(program, written) },
  });
}

/** The file's name without its folder. */
export const fileName = ({ path }: Written): string => path.split(/[\\/]/).at(-1) ?? path;

/** Has the browser fetch a file that lies ready for it. */
export function saveDownload({ transport }: Program, written: Written): void {
  const link = document.createElement('a');
  link.href = transport.assetUrl('download', written.download!);
  link.download = fileName(written);
  link.click();
}

/** The export that is going on and the file of the last one, with what can be done about them. */
export function useExports(): Exports & { readonly cancel: () => void; readonly forget: () => void } {
  const program = useProgram();
  const store = exportsOf(program);
  const { run, written } = useStore(store);
  const forget = useCallback(() => store.setState({ written: undefined }), [store]);
  return {
    run,
    written,
    cancel: () => {
      if (!run) return;
      change(store, run.id, () => ({ cancelling: true }));
      void program.ask('cancelExport', { export: run.id });
    },
    forget,
  };
}
