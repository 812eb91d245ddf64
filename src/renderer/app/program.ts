import { createContext, use } from 'react';
import { useStore } from 'zustand';
import type {
  Answer,
  MethodName,
  Preferences,
  Problem,
  RequestOf,
  ResponseOf,
  StudioEvent,
  StudioTransport,
} from '../../shared/studio/contract.ts';
import type { StudioDocument } from '../../shared/studio/document.ts';
import { createDocumentStore, type DocumentStore } from '../stores/document.ts';
import { createMaskPictures, settling, type MaskPictures } from '../stores/masks.ts';
import { createNoticeStore, notify, type NoticeStore } from '../stores/notices.ts';
import { applyEvent, createSessionStore, mirrored, type Session, type SessionStore } from '../stores/session.ts';
import { createViewStore, type View, type ViewStore } from '../stores/view.ts';

/** Everything that the window works with; components find it through `useProgram`. */
export interface Program {
  readonly transport: StudioTransport;
  readonly documents: DocumentStore;
  readonly session: SessionStore;
  readonly view: ViewStore;
  readonly notices: NoticeStore;
  /** Masks that were painted here, on their way into the library. */
  readonly masks: MaskPictures;
  /** Called for every event after the session knows of it; returns what ends the subscription. */
  onEvent(listener: (event: StudioEvent) => void): () => void;
  /** Asks the program; a problem is shown to the person, and the answer then is undefined. */
  ask<M extends MethodName>(method: M, request: RequestOf<M>): Promise<{ readonly value: ResponseOf<M> } | undefined>;
  /** Changes preferences here at once, and in the program. */
  prefer(change: Partial<Preferences>): void;
  /** Ends subscriptions. */
  close(): void;
}

/**
 * Connects to the program and mirrors it.
 * @param storage where the view is remembered between sessions
 */
export async function openProgram(connection: StudioTransport, storage?: Storage): Promise<Answer<Program>> {
  // What happens while the snapshot is on its way is said again after it; every event only replaces things.
  let early: StudioEvent[] | undefined = [];
  let receive = (event: StudioEvent): void => void early?.push(event);
  const endEvents = connection.subscribe((event) => receive(event));
  const answer = await connection.call('snapshot', {});
  if (!answer.ok) {
    endEvents();
    return answer;
  }

  const session = createSessionStore(answer.value);
  const documents = createDocumentStore(answer.value.document);
  const view = createViewStore(storage);
  const notices = createNoticeStore();
  const listeners = new Set<(event: StudioEvent) => void>();
  const tell = (problem: Problem): void => notify(notices, { tone: 'error', title: problem.message });
  const masks = createMaskPictures(connection, documents, tell);
  const transport = settling(connection, masks);

  const ask: Program['ask'] = async (method, request) => {
    const reply = await transport.call(method, request);
    if (reply.ok) return { value: reply.value };
    tell(reply.problem);
    return undefined;
  };

  receive = (event) => {
    session.setState((state) => applyEvent(state, event), true);
    for (const listener of listeners) listener(event);
  };
  for (const event of early) receive(event);
  early = undefined;

  const endConnection = transport.onConnection((connected) => {
    session.setState({ connected });
    if (!connected) return;
    void transport.call('snapshot', {}).then((again) => {
      if (again.ok) session.setState(mirrored(again.value));
    });
  });

  return {
    ok: true,
    value: {
      transport,
      documents,
      session,
      view,
      notices,
      masks,
      ask,
      onEvent: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      prefer: (change) => {
        session.setState(({ preferences }) => ({ preferences: { ...preferences, ...change } }));
        void ask('savePreferences', { preferences: session.getState().preferences });
      },
      close: () => {
        endEvents();
        endConnection();
        masks.close();
      },
    },
  };
}

export const ProgramContext = createContext<Program | null>(null);

export function useProgram(): Program {
  const program = use(ProgramContext);
  if (!program) throw new Error('useProgram outside of ProgramContext');
  return program;
}

/** Selectors must return the same object as long as nothing changed; wrap those that build one in `useShallow`. */
export const useDocument = <T>(select: (document: StudioDocument) => T): T =>
  useStore(useProgram().documents, ({ document }) => select(document));
export const useSession = <T>(select: (session: Session) => T): T => useStore(useProgram().session, select);
export const useView = <T>(select: (view: View) => T): T => useStore(useProgram().view, select);
