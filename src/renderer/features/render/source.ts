import type { RenderRequest } from '../../../shared/studio/render.ts';
import type { Job } from '../../../shared/studio/contract.ts';
import type { Program } from '../../app/program.ts';
import { findJob, findResult, type Session } from '../../stores/session.ts';
import type { Shown } from '../../stores/view.ts';

export type RenderSource = RenderRequest['source'];

/** The picture of a job, or the one that it will end in; undefined where there will be none. */
export function jobSource({ id, state, result }: Job): RenderSource | undefined {
  if (result !== undefined) return { kind: 'result', id: result };
  return ['waiting', 'running', 'paused'].includes(state) ? { kind: 'job', id } : undefined;
}

/** The picture on the canvas. */
export function shownSource(session: Session, shown: Shown): RenderSource | undefined {
  if (!shown) return undefined;
  if (shown.kind === 'result') return findResult(session, shown.id) && { kind: 'result', id: shown.id };
  const job = findJob(session, shown.id);
  return job && jobSource(job);
}

export const openRender = ({ view }: Pick<Program, 'view'>, source: RenderSource): void =>
  view.setState({ rendering: source, dialog: 'render' });
