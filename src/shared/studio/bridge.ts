import type { Answer, AssetKind, Imported, MethodName, RequestOf, ResponseOf, StudioEvent } from './contract.ts';

/** The property of `window` under which the preload script offers the bridge. */
export const BRIDGE_NAME = 'madder';

/** Scheme of the program's pictures in the desktop shell; see `desktopAssetUrl`. */
export const ASSET_SCHEME = 'madder-asset';

/**
 * All that the desktop shell's window can reach of the program: named functions over plain values, so that neither
 * channels nor event objects of Electron cross into the page.
 */
export interface MadderBridge {
  call<M extends MethodName>(method: M, request: RequestOf<M>): Promise<Answer<ResponseOf<M>>>;
  /** Adds a file that was dropped, pasted or chosen to the library: its bytes, since a page has no business with paths. */
  upload(bytes: ArrayBuffer, name: string): Promise<Answer<Imported>>;
  /** Called for every event; returns what ends the subscription. */
  subscribe(listener: (event: StudioEvent) => void): () => void;
}

/** Where the desktop shell serves a picture; a version makes the address of a picture that has changed a new one. */
export const desktopAssetUrl = (kind: AssetKind, id: string, version?: number): string =>
  `${ASSET_SCHEME}://${kind}/${encodeURIComponent(id)}${version === undefined ? '' : `?v=${version}`}`;
