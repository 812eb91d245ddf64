/** Networks as their cards show them, and getting more of them. */
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CatalogueEntry, CatalogueFamily } from '../../../shared/catalogue.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { NetworkManifest } from '../../../shared/network-manifest.ts';
import type { Problem, StudioEvent, NetworkCard } from '../../../shared/studio/contract.ts';
import type { StudioAsset } from '../../../shared/studio/program.ts';
import { bundledModelsFolder } from '../../engine/networks/load.ts';
import { octaveLayers } from '../../engine/networks/rewrites/octaves.ts';
import { RANDOM_NETWORK_ID, randomNetworkSeed } from '../../engine/networks/random-network.ts';
import {
  catalogue,
  catalogueEntry,
  downloadNetwork,
  installedNetworks,
  libraryFolder,
  removeNetwork,
  type DownloadOptions,
  type InstalledNetwork,
} from '../networks.ts';
import { applicationFolder } from '../resources.ts';
import type { Log } from './log.ts';

/** Of networks that suggest nothing themselves; what the painter takes then. */
const USUAL = { style: 1, content: 0.1, variation: 0.02 };

/** Longest side of a receptive field that is called finite, px: the graph's arithmetic has no infinity. */
const WHOLE_PICTURE = 1e6;

export interface StudioNetworksOptions {
  readonly log: Log;
  readonly emit: (event: StudioEvent) => void;
  readonly problemOf: (error: unknown) => Problem;
  /** How downloads behave; for tests. */
  readonly download?: Pick<DownloadOptions, 'tries' | 'backoffMs' | 'stallMs' | 'proxyFor'>;
  /** Looks an entry of the catalogue up; for tests. */
  readonly entryOf?: (id: string) => Promise<CatalogueEntry>;
}

export class StudioNetworks {
  readonly #options: StudioNetworksOptions;
  readonly #downloads = new Map<string, AbortController>();
  #cards: NetworkCard[] = [];

  private constructor(options: StudioNetworksOptions) {
    this.#options = options;
  }

  static async open(options: StudioNetworksOptions): Promise<StudioNetworks> {
    const networks = new StudioNetworks(options);
    await networks.#refresh();
    return networks;
  }

  /** Those that can paint first. */
  get cards(): readonly NetworkCard[] {
    return this.#cards;
  }

  card(id: string): NetworkCard | undefined {
    return this.#cards.find((card) => card.id === id);
  }

  /** Description of a network that can paint. Random ones differ in their seed only, which their id ends with. */
  manifest(id: string): NetworkManifest | undefined {
    return this.card(randomNetworkSeed(id) === undefined ? id : RANDOM_NETWORK_ID)?.manifest;
  }

  /** Begins a download; events tell how it goes. @throws MadderError `input` */
  async download(id: string): Promise<void> {
    if (this.manifest(id)) throw new MadderError('input', 'This network is installed already.');
    if (this.#downloads.has(id)) return;
    const entry = await (this.#options.entryOf ?? catalogueEntry)(id);
    const controller = new AbortController();
    this.#downloads.set(id, controller);
    void this.#fetch(entry, controller);
  }

  cancel(id: string): void {
    this.#downloads.get(id)?.abort(new MadderError('input', 'The download was cancelled.'));
  }

  /** @throws MadderError `input` where it came with Madder or is not there */
  async remove(id: string): Promise<void> {
    await removeNetwork(id);
    await this.#changed();
  }

  asset(id: string): StudioAsset | undefined {
    return this.card(id)?.sample ? { type: 'image/jpeg', content: sampleFile(id) } : undefined;
  }

  /** Ends what is being fetched; what has come is kept. */
  close(): void {
    for (const id of this.#downloads.keys()) this.cancel(id);
  }

  async #fetch(entry: CatalogueEntry, controller: AbortController): Promise<void> {
    const { emit, log, problemOf } = this.#options;
    const { id } = entry;
    let fraction: number | undefined;
    let bytesPerSecond = 0;
    const ended = (how: 'installed' | 'cancelled' | 'failed', problem?: Problem) => {
      this.#downloads.delete(id);
      const part = how === 'installed' ? 1 : fraction;
      emit({
        type: 'download',
        network: id,
        bytesPerSecond: 0,
        ended: how,
        ...(part === undefined ? {} : { fraction: part }),
        ...(problem ? { problem } : {}),
      });
    };
    try {
      emit({ type: 'download', network: id, bytesPerSecond });
      await downloadNetwork(entry, {
        ...this.#options.download,
        signal: controller.signal,
        onEvent: (event) => {
          if (event.type === 'note') log.note(event.message);
          if (event.type !== 'progress') return;
          const { done, total, secondsLeft } = event;
          fraction = total === undefined ? undefined : total === 0 ? 1 : Math.min(1, done / total);
          bytesPerSecond = event.bytesPerSecond;
          emit({
            type: 'download',
            network: id,
            bytesPerSecond,
            ...(fraction === undefined ? {} : { fraction }),
            ...(secondsLeft === undefined ? {} : { secondsLeft }),
          });
        },
      });
      await this.#changed();
      ended('installed');
    } catch (error) {
      if (controller.signal.aborted) ended('cancelled');
      else ended('failed', problemOf(error));
    }
  }

  async #changed(): Promise<void> {
    await this.#refresh();
    this.#options.emit({ type: 'networks', networks: this.#cards });
  }

  async #refresh(): Promise<void> {
    const { networks, families } = await catalogue();
    const installed = await this.#installed();
    const sizes = await Promise.all(installed.map((network) => sizeOf(network)));
    const there = new Set(installed.map(({ manifest }) => manifest.id));
    this.#cards = [
      ...installed.map((network, i) => installedCard(network, sizes[i]!, families)),
      ...networks.filter(({ id }) => !there.has(id)).map((entry) => availableCard(entry, families)),
    ];
  }

  /** A damaged file in the library must not hide what came with Madder. */
  async #installed(): Promise<InstalledNetwork[]> {
    try {
      return await installedNetworks();
    } catch (error) {
      this.#options.log.error('The library of networks could not be read', error);
      return installedNetworks({ folders: [bundledModelsFolder()] });
    }
  }
}

const sampleFile = (id: string): string => join(applicationFolder(), 'resources', 'networks', `${id}.jpg`);

/** Bytes of an installed network on the disk; 0 of one that is made and not read. */
async function sizeOf({ manifest, bundled }: InstalledNetwork): Promise<number> {
  const { id, architecture } = manifest;
  const file = `${id}.${architecture === 'onnx' ? 'onnx' : 'safetensors'}`;
  return stat(join(bundled ? bundledModelsFolder() : libraryFolder(), file)).then(
    ({ size }) => size,
    () => 0,
  );
}

type Facts = Pick<
  NetworkManifest,
  'id' | 'name' | 'description' | 'licence' | 'citation' | 'styleLayers' | 'contentLayers' | 'pooling' | 'suggested'
> &
  Pick<NetworkManifest, 'octaves'>;

function commonCard(facts: Facts, families: readonly CatalogueFamily[]) {
  const { id, name, description, licence, citation, contentLayers, pooling, octaves, suggested = {} } = facts;
  return {
    id,
    name,
    description,
    licence,
    citation,
    families: familiesOf(id, families),
    suggested: {
      style: suggested.styleWeight ?? USUAL.style,
      content: suggested.contentWeight ?? USUAL.content,
      variation: suggested.variationWeight ?? USUAL.variation,
      styleLayers: octaves?.styleLayers ?? facts.styleLayers,
      contentLayers,
      ...(pooling === undefined ? {} : { pooling }),
      optimizer: suggested.optimizer ?? ('lbfgs' as const),
    },
    sample: existsSync(sampleFile(id)),
  };
}

const installedCard = (
  { manifest, layers, bundled }: InstalledNetwork,
  bytes: number,
  families: readonly CatalogueFamily[],
): NetworkCard => ({
  ...commonCard(manifest, families),
  state: bundled ? 'bundled' : 'installed',
  bytes,
  layers: octaveLayers(layers, manifest.octaves?.count ?? 1).map(
    ({ name, label, channels, stride, receptiveField }) => ({
      name,
      label: label ?? name,
      ...(channels === undefined ? {} : { channels }),
      stride,
      receptiveField: receptiveField < WHOLE_PICTURE ? receptiveField : null,
    }),
  ),
  manifest,
});

const availableCard = (entry: CatalogueEntry, families: readonly CatalogueFamily[]): NetworkCard => ({
  ...commonCard(entry, families),
  state: 'available',
  bytes: entry.sources[0]!.bytes ?? entry.sources[0]!.approximateBytes ?? 0,
  layers: [],
});

/** The families in which a network has its place. */
const familiesOf = (id: string, families: readonly CatalogueFamily[]): NetworkCard['families'] =>
  families.flatMap((family) => {
    const position = family.members.findIndex((member) => member.id === id);
    if (position < 0) return [];
    const { epsilon } = family.members[position]!;
    const amount = family.norm === 'linf' ? `ε ${epsilon}/255` : `ε ${epsilon}`;
    return [{ id: family.id, name: family.label, position, label: epsilon === 0 ? 'standard' : amount }];
  });
