import os from 'node:os';
import type { Preferences, Snapshot } from '../../../shared/studio/contract.ts';
import { runtimePackage } from '../../engine/runtime/probe.ts';
import { applicationVersion } from '../resources.ts';

export interface DiagnosticsInput {
  readonly shell: string;
  readonly devices: Snapshot['devices'];
  readonly networks: readonly { readonly id: string; readonly state: string }[];
  readonly preferences: Preferences;
  readonly lines: readonly string[];
  /** Names of pictures and the like, which are nobody's business. */
  readonly names: readonly string[];
}

/** Log lines that are shown. */
const LINES = 80;

/** What helps to find a fault, without paths and names. */
export function diagnostics({ shell, devices, networks, preferences, lines, names }: DiagnosticsInput): string {
  const { device, threads, lowPriority } = preferences;
  const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const verdicts = devices.verdicts.map(({ provider, outcome, speed, reason }) => {
    const times = speed === undefined ? '' : ` (${speed.toFixed(1)} x cpu)`;
    return `  ${provider}: ${outcome}${times}${reason === undefined ? '' : ` - ${reason}`}`;
  });
  const electron = process.versions['electron'];
  const text = [
    `Madder ${applicationVersion()}, ${shell}`,
    `${process.platform} ${os.release()} ${process.arch}, Node ${process.versions.node}${electron ? `, Electron ${electron}` : ''}`,
    `ONNX Runtime ${runtimePackage().version}`,
    `${os.cpus()[0]?.model.trim() ?? 'unknown processor'}, ${os.availableParallelism()} threads`,
    `${gigabytes(os.totalmem())} memory, ${gigabytes(process.availableMemory())} free`,
    `Device: ${device}, painting on ${devices.chosen}; threads ${threads ?? 'auto'}; low priority ${lowPriority}`,
    ...verdicts,
    `Networks: ${networks.map(({ id, state }) => `${id} (${state})`).join(', ')}`,
    '',
    ...lines.slice(-LINES),
  ].join('\n');
  return anonymous(text, names);
}

/** Leaves out paths, addresses, and the names of pictures, of the person and of the computer. */
export function anonymous(text: string, names: readonly string[]): string {
  // Shorter ones would be found inside of other words.
  const known = [...names, os.userInfo().username, os.hostname()]
    .filter((name) => name.length > 2)
    .sort((a, b) => b.length - a.length);
  return known
    .reduce((rest, name) => rest.replaceAll(name, '<name>'), text)
    .replaceAll(/"[^"\n]*"/g, '"<name>"')
    .replaceAll(/file:\/\/[^\s)]+/g, '<path>')
    .replaceAll(/(?<![\w.])(?:[A-Za-z]:[\\/]|\\\\|\/)[^\s:"'(),;|]*[\w.]/g, '<path>');
}
