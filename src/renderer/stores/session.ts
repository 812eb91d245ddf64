import { createStore, type StoreApi } from 'zustand/vanilla';
import type {
  Estimate,
  Job,
  NetworkCard,
  Problem,
  Result,
  Snapshot,
  StudioEvent,
} from '../../shared/studio/contract.ts';
import type { StudyEntry } from '../../shared/studio/studies.ts';

/** A network on its way, or one whose way ended badly. */
export interface Download {
  readonly fraction?: number | undefined;
  readonly bytesPerSecond: number;
  readonly secondsLeft?: number | undefined;
  readonly problem?: Problem | undefined;
}

/** What the newest preview of a job is, beside its picture. */
export interface Preview {
  readonly version: number;
  readonly width: number;
  readonly height: number;
  readonly total: number;
}

/** The program behind the window, as far as it has told. Only what it says changes it, and `prefer`. */
export interface Session extends Omit<Snapshot, 'document'> {
  readonly connected: boolean;
  /** By network id. */
  readonly downloads: Readonly<Record<string, Download>>;
  /** By job id. */
  readonly previews: Readonly<Record<string, Preview>>;
  /** What a run of the document would take; null while that is not known. */
  readonly estimate: Estimate | null;
}
export type SessionStore = StoreApi<Session>;

export function createSessionStore(snapshot: Snapshot): SessionStore {
  return createStore<Session>(() => ({
    ...mirrored(snapshot),
    connected: true,
    downloads: {},
    previews: {},
    estimate: null,
  }));
}

/** What a snapshot says, without the document, which has a store of its own. */
export function mirrored({ document: _, ...snapshot }: Snapshot): Omit<Snapshot, 'document'> {
  return { ...snapshot, results: newestFirst(snapshot.results) };
}

/** The session after an event; the same object when nothing in it changed. */
export function applyEvent(session: Session, event: StudioEvent): Session {
  switch (event.type) {
    case 'job':
      return { ...session, jobs: upsert(session.jobs, event.job) };
    case 'progress':
      return withJob(session, event.job, (job) => ({ ...job, progress: event.progress }));
    case 'tile':
      return withJob(session, event.job, (job) => ({ ...job, tile: event.tile }));
    case 'detail':
      return withJob(session, event.job, (job) => ({ ...job, detail: event.detail }));
    case 'preview': {
      const { job, preview: version, width, height, total } = event;
      const previews = { ...session.previews, [job]: { version, width, height, total } };
      return { ...withJob(session, job, (entry) => ({ ...entry, preview: version })), previews };
    }
    case 'queue': {
      const known = new Map(session.jobs.map((job) => [job.id, job]));
      const jobs = event.jobs.flatMap((id) => known.get(id) ?? []);
      return { ...session, jobs, queuePaused: event.paused };
    }
    case 'result':
      return { ...session, results: newestFirst(upsert(session.results, event.result)) };
    case 'resultsGone':
      return { ...session, results: session.results.filter(({ id }) => !event.results.includes(id)) };
    case 'study':
      return { ...session, studies: newestFirst(upsert(session.studies, event.study)) };
    case 'studyGone':
      return { ...session, studies: session.studies.filter(({ id }) => id !== event.study) };
    case 'networks':
      return { ...session, networks: event.networks };
    case 'presets':
      return { ...session, presets: event.presets };
    case 'devices':
      return { ...session, devices: event.devices };
    case 'download': {
      const { type: _type, network, ended, ...state } = event;
      const { [network]: _, ...others } = session.downloads;
      // A failure stays until the next attempt, so that the card can say why.
      const over = ended === 'installed' || ended === 'cancelled';
      return { ...session, downloads: over ? others : { ...others, [network]: state } };
    }
    case 'weighed':
    case 'exporting':
    case 'command':
    case 'opened':
      return session;
  }
}

export const findJob = (session: Session, id: string | undefined): Job | undefined =>
  session.jobs.find((job) => job.id === id);
export const findResult = (session: Session, id: string | undefined): Result | undefined =>
  session.results.find((result) => result.id === id);
export const findNetwork = (session: Session, id: string | null): NetworkCard | undefined =>
  session.networks.find((network) => network.id === id);

export const findStudy = (session: Session, id: string | null): StudyEntry | undefined =>
  session.studies.find((study) => study.id === id);
/** The study that is being carried out. */
export const activeStudy = ({ studies }: Session): StudyEntry | undefined =>
  studies.find(({ state }) => state === 'running');

/** The job that is being painted, or paused in the middle. */
export const activeJob = ({ jobs }: Session): Job | undefined =>
  jobs.find(({ state }) => state === 'running') ?? jobs.find(({ state }) => state === 'paused');

function upsert<T extends { readonly id: string }>(list: readonly T[], entry: T): T[] {
  return list.some(({ id }) => id === entry.id)
    ? list.map((old) => (old.id === entry.id ? entry : old))
    : [...list, entry];
}

function withJob(session: Session, id: string, change: (job: Job) => Job): Session {
  return { ...session, jobs: session.jobs.map((job) => (job.id === id ? change(job) : job)) };
}

const newestFirst = <T extends { readonly createdAt: number }>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => b.createdAt - a.createdAt);
