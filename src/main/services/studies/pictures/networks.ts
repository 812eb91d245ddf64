import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadNetwork } from '../../../engine/networks/load.ts';
import type { Network } from '../../../engine/networks/network.ts';
import type { PictureNetwork } from '../../../../shared/picture-studies.ts';
import { findInstalled } from '../../networks.ts';
import { freeKey } from '../keys.ts';

/** The networks of a study. One lies in memory at a time: dozens may be compared. */
export class StudyNetworks {
  /** Those that were named so far. */
  readonly all: PictureNetwork[] = [];
  readonly #named = new Map<string, PictureNetwork>();
  #latest: { readonly path: string; readonly network: Network } | undefined;

  /**
   * @param name id or file
   * @throws MadderError in one sentence where it cannot be used
   */
  async named(name: string): Promise<PictureNetwork> {
    const known = this.#named.get(name);
    if (known) return known;
    const found = await findInstalled(name);
    // A file is found again wherever the study is gone on with.
    const path = statSync(found, { throwIfNoEntry: false })?.isFile() ? resolve(found) : found;
    const { id, name: title, sha256, manifest } = await this.#load(path);
    const same = this.all.find((network) => network.sha256 === sha256);
    const network = same ?? {
      ...{ key: freeKey(id, this.all), id, name: title, sha256, path },
      normalization: manifest.normalization,
    };
    if (!same) this.all.push(network);
    this.#named.set(name, network);
    return network;
  }

  /** A network as it is loaded, without rewrites. */
  async loaded(name: string): Promise<Network> {
    return this.#load((await this.named(name)).path);
  }

  async #load(path: string): Promise<Network> {
    if (this.#latest?.path !== path) this.#latest = { path, network: await loadNetwork(path) };
    return this.#latest.network;
  }
}
