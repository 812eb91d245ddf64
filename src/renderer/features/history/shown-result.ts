import type { Result } from '../../../shared/studio/contract.ts';
import { findJob, findResult, type Session } from '../../stores/session.ts';
import type { Shown } from '../../stores/view.ts';

/** The finished picture that the canvas shows, if it shows one. */
export function shownResult(session: Session, shown: Shown): Result | undefined {
  if (!shown) return undefined;
  return findResult(session, shown.kind === 'result' ? shown.id : findJob(session, shown.id)?.result);
}
