import type { MadderBridge } from '../shared/studio/bridge.ts';

declare global {
  interface Window {
    /** Only in the desktop shell. */
    readonly madder?: MadderBridge;
  }
}
