import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Answer, Problem, StudioTransport } from '../../shared/studio/contract.ts';
import { masksOf, type StudioDocument, type StudioPicture } from '../../shared/studio/document.ts';
import type { DocumentStore } from './document.ts';

/** A mask that was painted in this window. */
interface Made {
  readonly picture: StudioPicture;
  readonly content: Promise<Blob>;
  /** The way into the library, once it is taken. */
  upload?: Promise<Answer<StudioPicture>>;
  /** Where it got there: its name in the library. */
  kept?: StudioPicture;
}

/**
 * The masks that are painted here. A stroke takes effect in the document at once, with a hash of its own making, so that strokes and
 * undo never wait; the picture is encoded and brought into the library behind that. Documents that leave the window name the
 * library's pictures: `settling` sees to that for every request. Of strokes in quick succession only the last one is brought there,
 * unless undo leads back to another.
 */
export interface MaskPictures {
  /** Those that are encoded, by hash. */
  readonly encoded: StoreApi<ReadonlyMap<string, Encoded>>;
  /**
   * The picture that a mask will be.
   * @param content a PNG, once it is encoded
   */
  make(name: string, size: { readonly width: number; readonly height: number }, content: Promise<Blob>): StudioPicture;
  /** Whether a mask was made here, so that only this window knows it by that hash. */
  isOwn(sha256: string): boolean;
  /** Documents as the program knows them; a promise where a mask of theirs is on its way still. */
  settle(documents: readonly StudioDocument[]): readonly StudioDocument[] | Promise<Answer<readonly StudioDocument[]>>;
  /** Stops bringing masks into the library. */
  close(): void;
}

/** A mask that was made here: its PNG, and an address of it for this window. */
export interface Encoded {
  readonly content: Blob;
  readonly url: string;
}

/** Masks beyond which those are forgotten that no step of undo leads to. */
const MANY = 64;

/** @param onProblem a mask could not be brought into the library; it is tried again when it is needed */
export function createMaskPictures(
  transport: Pick<StudioTransport, 'upload'>,
  documents: DocumentStore,
  onProblem: (problem: Problem) => void,
): MaskPictures {
  const made = new Map<string, Made>();
  const encoded = createStore<ReadonlyMap<string, Encoded>>(() => new Map());

  const bring = (mask: Made): Promise<Answer<StudioPicture>> =>
    (mask.upload ??= upload(transport, mask).then((answer) => {
      if (answer.ok) mask.kept = answer.value;
      else delete mask.upload;
      return answer;
    }));
  const onTheWay = (document: StudioDocument): Made[] =>
    masksOf(document).flatMap(({ sha256 }) => {
      const mask = made.get(sha256);
      return mask && !mask.kept ? [mask] : [];
    });

  let bringing = false;
  /** Brings those of the present document, until none is left or one fails. */
  const bringAll = async (): Promise<void> => {
    if (bringing) return;
    bringing = true;
    for (;;) {
      const [next] = onTheWay(documents.getState().document);
      if (!next) break;
      const answer = await bring(next);
      if (answer.ok) continue;
      onProblem(answer.problem);
      break;
    }
    bringing = false;
  };
  const end = documents.subscribe((state, before) => {
    if (state.document !== before.document && onTheWay(state.document).length > 0) void bringAll();
  });

  const forget = (): void => {
    if (made.size < MANY) return;
    const { pastStates, futureStates } = documents.history.getState();
    const reachable = new Set(
      [documents.getState(), ...pastStates, ...futureStates].flatMap(({ document }) =>
        document ? masksOf(document).map(({ sha256 }) => sha256) : [],
      ),
    );
    for (const id of made.keys()) {
      if (reachable.has(id)) continue;
      made.delete(id);
      const gone = encoded.getState().get(id);
      if (gone) URL.revokeObjectURL(gone.url);
    }
    encoded.setState(new Map([...encoded.getState()].filter(([id]) => made.has(id))), true);
  };

  const settled = (document: StudioDocument): StudioDocument => {
    const kept = (mask: StudioPicture | null): StudioPicture | null => (mask && made.get(mask.sha256)?.kept) ?? mask;
    if (masksOf(document).every(({ sha256 }) => !made.has(sha256))) return document;
    return {
      ...document,
      photoMask: kept(document.photoMask),
      styles: document.styles.map((style) => ({ ...style, mask: kept(style.mask) })),
    };
  };

  return {
    encoded,
    make: (name, { width, height }, content) => {
      forget();
      const picture = { sha256: newHash(), name, width, height };
      made.set(picture.sha256, { picture, content });
      content.then(
        (blob) => {
          const entry = { content: blob, url: URL.createObjectURL(blob) };
          encoded.setState((all) => new Map([...all, [picture.sha256, entry]]), true);
        },
        // Whoever needs it is told then.
        () => undefined,
      );
      return picture;
    },
    isOwn: (sha256) => made.has(sha256),
    settle: (all) => {
      const waiting = all.flatMap(onTheWay);
      if (waiting.length === 0) return all.map(settled);
      return (async () => {
        for (const mask of waiting) {
          const answer = await bring(mask);
          if (!answer.ok) return answer;
        }
        return { ok: true, value: all.map(settled) };
      })();
    },
    close: end,
  };
}

async function upload(
  transport: Pick<StudioTransport, 'upload'>,
  { picture, content }: Made,
): Promise<Answer<StudioPicture>> {
  let blob: Blob;
  try {
    blob = await content;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return { ok: false, problem: { kind: 'runtime', message } };
  }
  const answer = await transport.upload(blob, picture.name);
  return answer.ok ? { ok: true, value: answer.value.picture } : answer;
}

/** Random digits where a hash would stand: nothing else has the same. */
const newHash = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, '0')).join('');

/** The transport by which documents leave the window: none names a mask that the program does not have. */
export function settling(transport: StudioTransport, masks: MaskPictures): StudioTransport {
  const call: StudioTransport['call'] = (method, request) => {
    const all = documentsIn(request);
    if (all.length === 0) return transport.call(method, request);
    const settled = masks.settle(all);
    if (!(settled instanceof Promise)) return transport.call(method, withDocuments(request, settled));
    return settled.then((answer) =>
      answer.ok ? transport.call(method, withDocuments(request, answer.value)) : answer,
    );
  };
  return {
    call,
    upload: (file, name) => transport.upload(file, name),
    assetUrl: (kind, id, version) => transport.assetUrl(kind, id, version),
    subscribe: (listener) => transport.subscribe(listener),
    onConnection: (listener) => transport.onConnection(listener),
  };
}

/** Requests carry one document, or many. */
interface Carrying {
  readonly document?: StudioDocument;
  readonly documents?: readonly StudioDocument[];
}

function documentsIn(request: object): readonly StudioDocument[] {
  const { document, documents = [] } = request as Carrying;
  return [...(document ? [document] : []), ...documents];
}

const withDocuments = <T extends object>(request: T, documents: readonly StudioDocument[]): T => ({
  ...request,
  ...('document' in request ? { document: documents[0] } : { documents }),
});
