/** Runs between page and program, in the page's sandbox: offers the bridge, and nothing of Electron. */
import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron';
import { BRIDGE_NAME, type MadderBridge } from '../shared/studio/bridge.ts';
import { CHANNELS } from '../shared/studio/channels.ts';
import type { StudioEvent } from '../shared/studio/contract.ts';

const bridge: MadderBridge = {
  call: (method, request) => ipcRenderer.invoke(CHANNELS.call, method, request),
  upload: (bytes, name) => ipcRenderer.invoke(CHANNELS.upload, bytes, name),
  subscribe: (listener) => {
    const forward = (_: IpcRendererEvent, event: StudioEvent) => listener(event);
    ipcRenderer.on(CHANNELS.event, forward);
    return () => void ipcRenderer.off(CHANNELS.event, forward);
  },
};

contextBridge.exposeInMainWorld(BRIDGE_NAME, bridge);
