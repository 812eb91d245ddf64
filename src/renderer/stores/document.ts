import { produce, type Draft } from 'immer';
import { temporal, type TemporalState } from 'zundo';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { StudioDocument } from '../../shared/studio/document.ts';

/** Steps that undo remembers. */
const STEPS = 200;

interface Value {
  readonly document: StudioDocument;
}
type History = Pick<TemporalState<Value>, 'pastStates' | 'futureStates'>;

type Readable<T> = Pick<StoreApi<T>, 'getState' | 'getInitialState' | 'subscribe'>;

/** The document with its history. Whatever changes it goes through `edit`, so that undo covers everything. */
export interface DocumentStore extends Readable<Value> {
  /** What undo and redo can reach; subscribe to it for buttons. */
  readonly history: Readable<History>;
  /** Changes the document: one undo step, or part of the gesture that is going on. */
  edit(change: (draft: Draft<StudioDocument>) => void): void;
  /** From here on edits belong to one undo step: a drag, a held key. Gestures do not nest; the first one's end counts. */
  beginGesture(): void;
  endGesture(): void;
  /** Puts everything back to where the gesture began. */
  cancelGesture(): void;
  undo(): void;
  redo(): void;
  /** Another document, and a fresh history. */
  load(document: StudioDocument): void;
}

/** @param initial what the program kept of the last session */
export function createDocumentStore(initial: StudioDocument): DocumentStore {
  const store = createStore<Value>()(
    temporal(() => ({ document: initial }), { limit: STEPS, equality: (a, b) => a.document === b.document }),
  );
  const history = store.temporal;
  let before: StudioDocument | undefined;

  const endGesture = (): void => {
    if (before === undefined) return;
    const began = before;
    before = undefined;
    history.getState().resume();
    if (store.getState().document === began) return;
    // The steps in between were not recorded; where the gesture began is.
    history.setState(({ pastStates }) => ({
      pastStates: [...pastStates, { document: began }].slice(-STEPS),
      futureStates: [],
    }));
  };

  return {
    getState: store.getState,
    getInitialState: store.getInitialState,
    subscribe: store.subscribe,
    history,
    edit: (change) => store.setState(({ document }) => ({ document: produce(document, change) })),
    beginGesture: () => {
      if (before !== undefined) return;
      before = store.getState().document;
      history.getState().pause();
    },
    endGesture,
    cancelGesture: () => {
      if (before === undefined) return;
      store.setState({ document: before });
      endGesture();
    },
    undo: () => {
      endGesture();
      history.getState().undo();
    },
    redo: () => {
      endGesture();
      history.getState().redo();
    },
    load: (document) => {
      endGesture();
      store.setState({ document });
      history.getState().clear();
    },
  };
}
