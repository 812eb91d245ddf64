import type { StudioDocument } from '../../shared/studio/document.ts';
import { activeJob, findJob, findResult, type Session } from '../stores/session.ts';
import type { Shown } from '../stores/view.ts';
import type { Program } from './program.ts';

/**
 * Lets the canvas go along with the queue: a run that begins is shown where a run was shown before, or nothing was. Who
 * looks at a result of the history is left in peace.
 */
export function followRuns({ onEvent, session, view, documents }: Program): () => void {
  const running = new Set(
    session
      .getState()
      .jobs.filter(({ state }) => state === 'running')
      .map(({ id }) => id),
  );
  const photoNow = (): string | undefined => documents.getState().document.photo?.sha256;
  view.setState({ shown: newestOf(photoNow(), session.getState()) });

  const endEvents = onEvent((event) => {
    if (event.type === 'resultsGone') {
      const { shown } = view.getState();
      if (shown?.kind === 'result' && event.results.includes(shown.id)) view.setState({ shown: null });
    }
    if (event.type === 'queue') {
      const { shown } = view.getState();
      // A job that is taken off the list leaves its result behind.
      if (shown?.kind === 'job' && !findJob(session.getState(), shown.id)) {
        view.setState({ shown: newestOf(photoNow(), session.getState()) });
      }
    }
    if (event.type !== 'job') return;
    const { job } = event;
    if (job.state !== 'running') {
      running.delete(job.id);
      return;
    }
    if (running.has(job.id)) return;
    running.add(job.id);
    const { shown, mode } = view.getState();
    if (shown?.kind === 'result') return;
    view.setState({
      shown: { kind: 'job', id: job.id },
      ...(mode === 'photo' || mode === 'style' ? { mode: 'result' } : {}),
    });
  });

  // Another photo is another picture: what was painted from the old one would only be in the way. Undo brings both back.
  let photo = photoNow();
  const endDocument = documents.subscribe(() => {
    if (photoNow() === photo) return;
    photo = photoNow();
    const state = session.getState();
    if (photoOf(view.getState().shown, state) !== photo || photo === undefined) {
      view.setState({ shown: newestOf(photo, state) });
    }
  });
  return () => {
    endEvents();
    endDocument();
  };
}

/** The run that is being painted from a photo, or else the last one that was: finished, or ended by a crash of the program. */
function newestOf(photo: string | undefined, session: Session): Shown {
  if (photo === undefined) return null;
  const from = ({ document }: { readonly document: StudioDocument }): boolean => document.photo?.sha256 === photo;
  const job = activeJob(session);
  if (job && from(job)) return { kind: 'job', id: job.id };
  const result = session.results.find(from);
  const broken = session.jobs.findLast((other) => other.state === 'interrupted' && from(other));
  if (broken && broken.createdAt > (result?.createdAt ?? 0)) return { kind: 'job', id: broken.id };
  return result ? { kind: 'result', id: result.id } : null;
}

const photoOf = (shown: Shown, session: Session): string | undefined =>
  (shown?.kind === 'job' ? findJob(session, shown.id) : findResult(session, shown?.id))?.document.photo?.sha256;
