import type { StudioDocument } from '../../../shared/studio/document.ts';
import { effectiveSettings } from '../../../shared/studio/effective.ts';
import type { Program } from '../../app/program.ts';
import { activeJob, findNetwork, type Session } from '../../stores/session.ts';
import { isPictureOf, weightChange, weightsOf, type Weights } from './steering.ts';

/** Shortest time between two changes, ms: a drag makes more of them than a run could take in. */
const PACE = 100;

/** The run that the faders move. */
interface Steered {
  readonly id: string;
  readonly began: Weights;
  /** What the run was last told. */
  told: Weights;
}

/**
 * Lets the faders act on the picture that is being painted: at most one change at a time and ten a second, the newest
 * winning and the last one always arriving.
 */
export function steerRuns({ documents, session, ask }: Program): () => void {
  let steered: Steered | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let asking = false;
  let last = -Infinity;

  const weights = (document: StudioDocument): Weights => weightsIn(session.getState(), document);

  const follow = (): void => {
    const job = activeJob(session.getState());
    const { document } = documents.getState();
    if (job?.id !== steered?.id) {
      const began = job && weights(job.document);
      // A run out of the queue may have other weights than are set now; only what is moved from here on counts.
      const told = job && isPictureOf(document, job.document) ? weights(document) : began;
      steered = began && told && job ? { id: job.id, began, told } : undefined;
    }
    if (!job || !steered || asking || timer !== undefined || !isPictureOf(document, job.document)) return;
    if (!weightChange(steered.told, weights(document), steered.began)) return;
    timer = setTimeout(() => void tell(), Math.max(0, last + PACE - performance.now()));
  };

  const tell = async (): Promise<void> => {
    timer = undefined;
    if (!steered) return;
    const target = steered;
    const now = weights(documents.getState().document);
    const change = weightChange(target.told, now, target.began);
    if (!change) return;
    asking = true;
    last = performance.now();
    // Also where it fails: that is said once, and not tried again behind the person's back.
    target.told = now;
    await ask('changeWeights', { job: target.id, change });
    asking = false;
    follow();
  };

  let job = activeJob(session.getState())?.id;
  follow();
  const ends = [
    documents.subscribe(follow),
    session.subscribe((state) => {
      const next = activeJob(state)?.id;
      if (next === job) return;
      job = next;
      follow();
    }),
  ];
  return () => {
    clearTimeout(timer);
    ends.forEach((end) => end());
  };
}

const weightsIn = (session: Session, document: StudioDocument): Weights =>
  weightsOf(
    effectiveSettings(document, findNetwork(session, document.network), findNetwork(session, document.contentNetwork)),
    document.faders,
  );
