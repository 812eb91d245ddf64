import { MadderError } from '../../../shared/errors.ts';
import type { NetworkManifest, Provenance } from '../../../shared/network-manifest.ts';
import { bundledModelsFolder, listNetworks, loadNetwork } from '../../engine/networks/load.ts';
import { randomNetworkSeed } from '../../engine/networks/random-network.ts';
import type { Layer } from '../../engine/networks/network.ts';
import { applicationVersion } from '../resources.ts';
import { diskError, installFiles } from './disk.ts';

/** What a manifest says that weights do not. */
export type NetworkFacts = Pick<
  NetworkManifest,
  'id' | 'name' | 'normalization' | 'licence' | 'citation' | 'description' | 'source'
> &
  Partial<Pick<NetworkManifest, 'styleLayers' | 'contentLayers' | 'pooling' | 'suggested' | 'robustness' | 'training'>>;

export interface InstallableNetwork {
  readonly facts: NetworkFacts;
  readonly architecture: string;
  /** What the architecture offers and suggests; facts go before it. */
  readonly template: Pick<NetworkManifest, 'styleLayers' | 'contentLayers'> & { readonly layers: readonly Layer[] };
  readonly suggested: NetworkManifest['suggested'];
  readonly bytes: Uint8Array;
  readonly sha256: string;
  readonly provenance: Provenance;
}

/** Who installed it, for its provenance. */
export const toolName = (): string => `Madder ${applicationVersion()}`;

/**
 * Puts a network into the library, whole or not at all: before it gets its name it is loaded as it would be for painting.
 * @throws MadderError `network` where it cannot be painted with, `output` where it cannot be written
 */
export async function installNetwork(library: string, network: InstallableNetwork): Promise<NetworkManifest> {
  const { facts, architecture, template, bytes, sha256, provenance } = network;
  const suggested = facts.suggested ?? network.suggested;
  const manifest: NetworkManifest = {
    version: 1,
    ...facts,
    sha256,
    architecture,
    layers: template.layers.map(({ name, label }) => ({ name, label: label ?? name })),
    styleLayers: facts.styleLayers ?? template.styleLayers,
    contentLayers: facts.contentLayers ?? template.contentLayers,
    ...(suggested ? { suggested } : {}),
    provenance,
  };
  const suffix = architecture === 'onnx' ? 'onnx' : 'safetensors';
  const files = [
    { name: `${facts.id}.${suffix}`, bytes },
    { name: `${facts.id}.json`, bytes: new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`) },
  ];
  try {
    await installFiles(library, files, (staged) => loadNetwork(facts.id, { modelsFolders: [staged] }));
  } catch (error) {
    throw diskError(library, error);
  }
  return manifest;
}

/** Refuses ids that would hide, or be hidden by, a network that came with Madder. */
export async function checkFree(id: string): Promise<void> {
  const bundled = await listNetworks([bundledModelsFolder()]);
  if (randomNetworkSeed(id) === undefined && !bundled.some((m) => m.id === id)) return;
  throw new MadderError('input', `"${id}" is a network that came with Madder; choose another id with --id.`);
}
