import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { CatalogueEntry, CatalogueFamily } from '../../shared/catalogue.ts';
import { MadderError } from '../../shared/errors.ts';
import { networkIdSchema, type NetworkManifest } from '../../shared/network-manifest.ts';
import { fileSource } from '../formats/byte-source.ts';
import { bundledModelsFolder, listNetworks, loadNetwork } from '../engine/networks/load.ts';
import type { Layer } from '../engine/networks/network.ts';
import { randomNetworkLayers, randomNetworkSeed } from '../engine/networks/random-network.ts';
import { catalogue } from './library/catalogue.ts';
import { diskError, removeLeftovers } from './library/disk.ts';
import { libraryFolder, modelsFolders } from './library/folders.ts';
import { planWeights } from './library/plan.ts';
import { readStateDict } from './library/weights.ts';

export { catalogue, catalogueEntry } from './library/catalogue.ts';
export { PRECISIONS, type Precision } from './library/convert.ts';
export { downloadNetwork, type DownloadEvent, type DownloadOptions } from './library/download.ts';
export { libraryFolder } from './library/folders.ts';
export { importNetwork, type ImportOptions, type ImportResult } from './library/import.ts';

export interface InstalledNetwork {
  readonly manifest: NetworkManifest;
  /** Fine to coarse. */
  readonly layers: readonly Layer[];
  /** Whether it came with Madder; others are in the library. */
  readonly bundled: boolean;
}

/** Folders of networks; the first that has an id wins. */
interface Folders {
  readonly folders?: readonly string[];
}

/**
 * The installed networks with their layers. Weights are not read, only what there is of them. Networks that are damaged
 * are left out; `verifyNetworks` says what is wrong with them.
 */
export async function installedNetworks({ folders = modelsFolders() }: Folders = {}): Promise<InstalledNetwork[]> {
  const manifests = await listNetworks(folders);
  const networks = manifests.map(async (manifest): Promise<InstalledNetwork[]> => {
    const folder = folders.find((f) => existsSync(join(f, `${manifest.id}.json`)));
    // What has no files is made from a seed.
    if (folder === undefined) return [{ manifest, layers: randomNetworkLayers(), bundled: true }];
    try {
      return [{ manifest, layers: await layersOf(folder, manifest), bundled: folder === bundledModelsFolder() }];
    } catch (error) {
      if (error instanceof MadderError) return [];
      throw error;
    }
  });
  return (await Promise.all(networks)).flat();
}

/** The layers of an installed network, from the names and shapes of its weights and the names in its description. */
async function layersOf(folder: string, manifest: NetworkManifest): Promise<readonly Layer[]> {
  if (manifest.architecture === 'onnx') return (await loadNetwork(manifest.id, { modelsFolders: [folder] })).layers;
  const file = `${manifest.id}.safetensors`;
  const source = await fileSource(join(folder, file));
  try {
    const { entries } = await readStateDict(source, file);
    const { template } = planWeights(entries, manifest.normalization, file);
    return template.layers.map((layer) => {
      const named = manifest.layers.find((l) => [layer.name, layer.tensor].includes(l.tensor ?? l.name));
      return named ? { ...layer, name: named.name, label: named.label } : layer;
    });
  } finally {
    await source.close();
  }
}

/**
 * What `loadNetwork` finds a network by, here and in an engine process, which knows nothing of the library: the path of
 * its description for one of the library, anything else as it is.
 * @throws MadderError `input` for a network that would have to be downloaded first
 */
export async function findInstalled(idOrPath: string, { folders = modelsFolders() }: Folders = {}): Promise<string> {
  if (!networkIdSchema.safeParse(idOrPath).success) return idOrPath;
  const folder = folders.find((f) => existsSync(join(f, `${idOrPath}.json`)));
  if (folder !== undefined) return folder === bundledModelsFolder() ? idOrPath : join(folder, `${idOrPath}.json`);
  if (!(await inCatalogue(idOrPath))) return idOrPath;
  throw new MadderError(
    'input',
    `The network "${idOrPath}" is not installed; get it with: madder networks download ${idOrPath}`,
  );
}

const inCatalogue = async (id: string): Promise<boolean> => (await catalogue()).networks.some((n) => n.id === id);

/** Descriptions of all networks that are installed. */
export const installedManifests = (): Promise<NetworkManifest[]> => listNetworks(modelsFolders());

export interface NetworkDetails {
  readonly installed: InstalledNetwork | undefined;
  readonly entry: CatalogueEntry | undefined;
  /** Those it is a member of. */
  readonly families: readonly CatalogueFamily[];
}

/** All that is known of a network, installed or not. @throws MadderError `input` where there is none of that id */
export async function networkDetails(id: string, options: Folders = {}): Promise<NetworkDetails> {
  const { networks, families } = await catalogue();
  const installed = (await installedNetworks(options)).find(({ manifest }) => manifest.id === id);
  const entry = networks.find((n) => n.id === id);
  if (!installed && !entry) {
    throw new MadderError('input', `There is no network "${id}"; "madder networks" lists those that there are.`);
  }
  return { installed, entry, families: families.filter(({ members }) => members.some((m) => m.id === id)) };
}

export interface Verification {
  readonly id: string;
  /** What is wrong with it, one sentence; undefined where all is well. */
  readonly problem: string | undefined;
}

/**
 * Reads every installed network again: its hash must be the one of its description, and it must load. Files without the
 * other half are found too, and what interrupted installations left is removed.
 */
export async function verifyNetworks(
  onVerified: (verification: Verification) => void = () => {},
  { folders = modelsFolders() }: Folders = {},
): Promise<Verification[]> {
  const verifications: Verification[] = [];
  for (const folder of folders) {
    if (folder !== bundledModelsFolder()) await removeLeftovers(folder).catch(() => {});
    for (const path of await candidates(folder)) {
      const verification = { id: basename(path, '.json'), problem: await problemOf(path) };
      verifications.push(verification);
      onVerified(verification);
    }
  }
  return verifications;
}

/** Descriptions of networks, those whose file is missing too. */
async function candidates(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => networkIdSchema.safeParse(name).success);
  const weights = names.filter((name) => ['.safetensors', '.onnx'].includes(extname(name)));
  const descriptions = names.filter((name) => extname(name) === '.json' && name !== CATALOGUE);
  const ids = new Set([...descriptions, ...weights].map((name) => name.slice(0, -extname(name).length)));
  return [...ids].sort().map((id) => join(folder, `${id}.json`));
}

/** A file of the models folder that describes no network. */
const CATALOGUE = 'catalogue.json';

async function problemOf(description: string): Promise<string | undefined> {
  if (!existsSync(description)) return `${description} is missing; import the weights beside it again.`;
  try {
    await loadNetwork(basename(description, '.json'), { modelsFolders: [dirname(description)] });
    return undefined;
  } catch (error) {
    if (error instanceof MadderError) return error.message;
    throw error;
  }
}

/** Removes a network from the library. @throws MadderError `input` where it is not there */
export async function removeNetwork(id: string, library: string = libraryFolder()): Promise<void> {
  // Ids are no paths: nothing outside the library can be named.
  const files = networkIdSchema.safeParse(id).success
    ? [`${id}.json`, `${id}.safetensors`, `${id}.onnx`].map((name) => join(library, name)).filter((f) => existsSync(f))
    : [];
  if (files.length === 0) {
    const bundled = randomNetworkSeed(id) !== undefined || existsSync(join(bundledModelsFolder(), `${id}.json`));
    const what = bundled ? `"${id}" came with Madder and stays` : `There is no network "${id}" in ${library}`;
    throw new MadderError('input', `${what}; "madder networks" shows what there is.`);
  }
  try {
    for (const file of files) await rm(file);
  } catch (error) {
    throw diskError(library, error);
  }
}
