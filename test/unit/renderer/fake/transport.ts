import type {
  Answer,
  Job,
  MethodName,
  Preferences,
  PresetEntry,
  ResponseOf,
  Snapshot,
  StudioEvent,
  StudioTransport,
} from '../../../../src/shared/studio/contract.ts';
import type { StudioDocument } from '../../../../src/shared/studio/document.ts';
import { picture, snapshot } from './snapshot.ts';

/** A program in memory: it answers, remembers what it was asked, and paints nothing unless it is told to. */
export class FakeTransport implements StudioTransport {
  state: Snapshot;
  /** Everything that was asked, in order. */
  readonly calls: { readonly method: MethodName; readonly request: unknown }[] = [];
  /** What the next export ends in, where it takes its time. */
  exporting: Promise<ResponseOf<'exportResult'>> | undefined;
  readonly #events = new Set<(event: StudioEvent) => void>();
  readonly #connections = new Set<(connected: boolean) => void>();
  #jobs = 0;

  constructor(state: Partial<Snapshot> = {}) {
    this.state = snapshot(state);
  }

  call = async (method: MethodName, request: unknown): Promise<Answer<never>> => {
    this.calls.push({ method, request });
    return { ok: true, value: (await this.#answer(method, request)) as never };
  };

  readonly upload = async (file: Blob, name: string): ReturnType<StudioTransport['upload']> =>
    file.size === 0
      ? { ok: false, problem: { kind: 'input', message: `${name} is empty.` } }
      : { ok: true, value: { picture: picture('e', name), notes: [] } };

  readonly assetUrl = (kind: string, id: string, version = 0): string => `fake://${kind}/${id}?v=${version}`;

  readonly subscribe = (listener: (event: StudioEvent) => void): (() => void) => {
    this.#events.add(listener);
    return () => void this.#events.delete(listener);
  };

  readonly onConnection = (listener: (connected: boolean) => void): (() => void) => {
    this.#connections.add(listener);
    return () => void this.#connections.delete(listener);
  };

  emit(event: StudioEvent): void {
    for (const listener of this.#events) listener(event);
  }

  connection(connected: boolean): void {
    for (const listener of this.#connections) listener(connected);
  }

  /** Says that a run has come so far. */
  paint(job: Job, preview: number, evaluation: number, evaluations: number, side: number): void {
    const progress = {
      level: 0,
      levels: 1,
      width: side,
      height: Math.round((side * 2) / 3),
      evaluation,
      evaluations,
      total: evaluations,
      loss: 1 / (evaluation + 1),
      terms: [],
      seconds: evaluation,
      secondsLeft: evaluations - evaluation,
      memoryBytes: 1e9,
    };
    this.emit({ type: 'progress', job: job.id, progress });
    const { width, height } = progress;
    this.emit({ type: 'preview', job: job.id, preview, width, height, total: evaluation });
  }

  newJob(document: StudioDocument, state: Job['state'] = 'running'): Job {
    const name = document.photo?.name ?? 'picture';
    return { id: `job-${++this.#jobs}`, name, state, createdAt: 0, document, preview: 0, notes: [] };
  }

  #answer(method: MethodName, request: unknown): unknown {
    switch (method) {
      case 'snapshot':
        return this.state;
      case 'estimate':
        return { seconds: 60, bytes: 1e9, availableBytes: 8e9, fits: true };
      case 'start': {
        const job = this.newJob((request as { document: StudioDocument }).document);
        queueMicrotask(() => this.emit({ type: 'job', job }));
        return { job: job.id };
      }
      case 'savePreferences':
        this.state = { ...this.state, preferences: (request as { preferences: Preferences }).preferences };
        return undefined;
      case 'startBatch':
        return { jobs: (request as { documents: unknown[] }).documents.map((_, i) => `batch-${i}`) };
      case 'savePreset': {
        const { id, value } = request as { id: string | null; value: PresetEntry['value'] };
        const entry: PresetEntry = { id: id ?? 'saved', value, builtIn: false, favourite: false, thumbnail: false };
        const presets = [...this.state.presets.filter((preset) => preset.id !== entry.id), entry];
        queueMicrotask(() => this.emit({ type: 'presets', presets }));
        return entry;
      }
      case 'exportResult': {
        const { exporting } = this;
        this.exporting = undefined;
        const bytes = 2_400_000;
        if (exporting) return exporting;
        return { path: 'lake.png', bytes, width: 1536, height: 1024, skipped: false, notes: [], download: 'file' };
      }
      case 'useResult':
        return picture('f', 'result.png');
      default:
        return undefined;
    }
  }
}
