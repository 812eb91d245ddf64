import { loadNetwork, listNetworks } from '../engine/networks/load.ts';
import type { Layer } from '../engine/networks/network.ts';
import type { NetworkManifest } from '../../shared/network-manifest.ts';

export interface InstalledNetwork {
  readonly manifest: NetworkManifest;
  /** Fine to coarse. */
  readonly layers: readonly Layer[];
}

/** The installed networks with their layers. */
export async function installedNetworks(): Promise<InstalledNetwork[]> {
  const manifests = await listNetworks();
  return Promise.all(
    manifests.map(async (manifest) => ({ manifest, layers: (await loadNetwork(manifest.id)).layers })),
  );
}
