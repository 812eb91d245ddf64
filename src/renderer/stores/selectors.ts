import { useMemo } from 'react';
import type { StudioDocument } from '../../shared/studio/document.ts';
import { effectiveSettings, obstacles, type Effective, type Obstacle } from '../../shared/studio/effective.ts';
import { useDocument, useSession } from '../app/program.ts';
import { findJob, findNetwork, findResult, type Session } from './session.ts';
import type { Shown } from './view.ts';

/** The document's settings with the preset's and the network's behind them. */
export function useEffective(): Effective {
  const settings = useDocument((document) => document.settings);
  const preset = useDocument((document) => document.preset);
  const network = useNetwork();
  const contentId = useDocument((document) => document.contentNetwork);
  const content = useSession((session) => findNetwork(session, contentId));
  return useMemo(() => effectiveSettings({ settings, preset }, network, content), [settings, preset, network, content]);
}

/** The document's network, as its card shows it. */
export function useNetwork(): ReturnType<typeof findNetwork> {
  const id = useDocument((document) => document.network);
  return useSession((session) => findNetwork(session, id));
}

/** The network that watches over what the photo shows: the document's own one for that, or else the one that paints. */
export function useContentNetwork(): ReturnType<typeof findNetwork> {
  const id = useDocument((document) => document.contentNetwork ?? document.network);
  return useSession((session) => findNetwork(session, id));
}

/** Why a start is impossible; empty when it is possible. */
export function useObstacles(): readonly Obstacle[] {
  const document = useDocument((value) => value);
  const networks = useSession((session) => session.networks);
  const connected = useSession((session) => session.connected);
  const estimate = useSession((session) => session.estimate);
  return useMemo(
    () => obstacles(document, { connected, networks, estimate: estimate ?? undefined }),
    [document, connected, networks, estimate],
  );
}

export const startObstacles = (document: StudioDocument, { connected, networks, estimate }: Session): Obstacle[] =>
  obstacles(document, { connected, networks, estimate: estimate ?? undefined });

/** The painted picture that the canvas shows: a preview of a run, or a finished one. */
export interface Painted {
  readonly kind: 'preview' | 'result';
  readonly id: string;
  readonly version: number;
  readonly document: StudioDocument;
  /** Finished pictures only. */
  readonly size?: { readonly width: number; readonly height: number };
}

export function painted(session: Session, shown: Shown): Painted | undefined {
  if (!shown) return undefined;
  const job = shown.kind === 'job' ? findJob(session, shown.id) : undefined;
  const result = findResult(session, shown.kind === 'result' ? shown.id : job?.result);
  if (result) {
    const { id, document, width, height } = result;
    return { kind: 'result', id, version: 0, document, size: { width, height } };
  }
  if (job && job.preview > 0) return { kind: 'preview', id: job.id, version: job.preview, document: job.document };
  return undefined;
}
