import { desktopAssetUrl, type MadderBridge } from '../../shared/studio/bridge.ts';
import type { StudioTransport } from '../../shared/studio/contract.ts';

/** Reaches the program through the bridge that the preload script offers. It cannot be lost while the window lives. */
export const desktopTransport = (bridge: MadderBridge): StudioTransport => ({
  call: (method, request) => bridge.call(method, request),
  upload: async (file, name) => bridge.upload(await file.arrayBuffer(), name),
  assetUrl: desktopAssetUrl,
  subscribe: (listener) => bridge.subscribe(listener),
  onConnection: () => () => undefined,
});
