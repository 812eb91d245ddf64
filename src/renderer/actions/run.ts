import { ChartSpline, ImageUpscale, ListPlus, Pause, Play, RotateCcw, Square, X } from 'lucide-react';
import i18next from 'i18next';
import type { Program } from '../app/program.ts';
import { openRender, shownSource } from '../features/render/source.ts';
import { notify } from '../stores/notices.ts';
import { startObstacles } from '../stores/selectors.ts';
import { activeJob, activeStudy } from '../stores/session.ts';
import { define } from './action.ts';

/** Under which `view.sections` remembers whether the strip with the losses is open. */
export const LOSSES = 'losses';

const active = ({ session }: Program): ReturnType<typeof activeJob> => activeJob(session.getState());
const inState =
  (state: 'running' | 'paused') =>
  (program: Program): boolean =>
    active(program)?.state === state;
const possible = ({ documents, session }: Program): boolean =>
  startObstacles(documents.getState().document, session.getState()).length === 0;

/** Begins a run of the document and shows it growing; while another one goes on it waits for its turn. */
async function start(program: Program): Promise<void> {
  const { ask, documents, notices } = program;
  const busy = active(program) !== undefined;
  const studying = activeStudy(program.session.getState()) !== undefined;
  const begun = await ask('start', { document: documents.getState().document });
  if (!begun) return;
  if (studying) notify(notices, { tone: 'info', title: i18next.t('run.afterStudy') });
  else if (busy) notify(notices, { tone: 'success', title: i18next.t('run.queued') });
  else show(program, begun.value.job);
}

/** Ends the run, keeps its picture, and begins anew with what is set now, before all that waits. */
async function restart(program: Program): Promise<void> {
  const { ask, documents, session } = program;
  const job = active(program);
  if (!job || !(await ask('stop', { job: job.id }))) return;
  // A queue that rests begins nothing by itself, but what is started while nothing is painted.
  if (session.getState().queuePaused) await ended(program, job.id);
  const begun = await ask('start', { document: documents.getState().document });
  if (!begun) return;
  const next = begun.value.job;
  if (session.getState().jobs.find(({ id }) => id === next)?.state === 'waiting') {
    await ask('moveJob', { job: next, position: 0 });
  }
  show(program, next);
}

const ended = ({ session }: Program, job: string): Promise<void> =>
  new Promise((resolve) => {
    const over = (): boolean => activeJob(session.getState())?.id !== job;
    if (over()) return resolve();
    const end = session.subscribe(() => {
      if (!over()) return;
      end();
      resolve();
    });
  });

function show({ view }: Program, job: string): void {
  const { mode } = view.getState();
  view.setState({
    shown: { kind: 'job', id: job },
    // What was asked for is to be seen growing.
    ...(mode === 'photo' || mode === 'style' ? { mode: 'result' } : {}),
  });
}

export const runActions = define({
  start: {
    group: 'run',
    icon: Play,
    shortcuts: ['Mod+Enter'],
    enabled: possible,
    run: (program) => void start(program),
  },
  pause: {
    group: 'run',
    icon: Pause,
    shortcuts: ['Mod+P'],
    enabled: inState('running'),
    run: (program) => void program.ask('pause', { job: active(program)!.id }),
  },
  resume: {
    group: 'run',
    icon: Play,
    shortcuts: ['Mod+Shift+P'],
    enabled: inState('paused'),
    run: (program) => void program.ask('resume', { job: active(program)!.id }),
  },
  stop: {
    group: 'run',
    icon: Square,
    shortcuts: ['Mod+Period'],
    enabled: (program) => active(program) !== undefined,
    run: (program) => void program.ask('stop', { job: active(program)!.id }),
  },
  restart: {
    group: 'run',
    icon: RotateCcw,
    shortcuts: ['Mod+Shift+Enter'],
    enabled: (program) => active(program) !== undefined && possible(program),
    run: (program) => void restart(program),
  },
  enqueue: {
    group: 'run',
    icon: ListPlus,
    enabled: (program) => active(program) !== undefined && possible(program),
    run: (program) => void start(program),
  },
  cancel: {
    group: 'run',
    icon: X,
    enabled: (program) => active(program) !== undefined,
    run: (program) => void program.ask('cancel', { job: active(program)!.id }),
  },
  openRender: {
    group: 'run',
    icon: ImageUpscale,
    shortcuts: ['Mod+Shift+E'],
    enabled: ({ session, view }) => shownSource(session.getState(), view.getState().shown) !== undefined,
    run: (program) => {
      const source = shownSource(program.session.getState(), program.view.getState().shown);
      if (source) openRender(program, source);
    },
  },
  toggleLosses: {
    group: 'view',
    icon: ChartSpline,
    shortcuts: ['L'],
    active: ({ view }) => view.getState().sections[LOSSES] ?? false,
    run: ({ view }) =>
      view.setState(({ sections }) => ({ sections: { ...sections, [LOSSES]: !(sections[LOSSES] ?? false) } })),
  },
});
