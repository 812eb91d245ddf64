import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MadderError } from '../../../shared/errors.ts';
import {
  IMAGENET_NORMALIZATION,
  networkIdSchema,
  networkManifestSchema,
  type NetworkManifest,
  type Normalization,
} from '../../../shared/network-manifest.ts';
import type { Tensor } from '../../../shared/tensor.ts';
import { fileSource } from '../../formats/byte-source.ts';
import { readOnnxFile } from '../../formats/onnx-file.ts';
import { readWeightsIndex } from '../../formats/weights-file.ts';
import type { Template } from './architectures/builder.ts';
import { recognise } from './architectures/recognise.ts';
import { StateDict } from './architectures/state-dict.ts';
import { findLayer, type Layer, type Network } from './network.ts';
import { templateFromOnnx } from './onnx-network.ts';
import { readNeeded } from './outline.ts';
import { RANDOM_NETWORK_ID, randomNetwork, randomNetworkManifest, randomNetworkSeed } from './random-network.ts';
import { findStateDict } from './state-dict-finder.ts';

export interface LoadOptions {
  /** Folders of networks with descriptions, the first that has an id wins; by default the bundled ones. */
  readonly modelsFolders?: readonly string[];
  /** Overrides what the description or the file says, or what is assumed where neither says anything. */
  readonly normalization?: Normalization;
}

/** The folder of the bundled networks, beside the package description, wherever this module runs from. */
export function bundledModelsFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return join(folder, 'models');
}

/**
 * Loads a network by its id (`<id>.json` beside its weights in a models folder), by the path of that description, or from
 * a file: safetensors, a PyTorch checkpoint or ONNX. Files without a description get one: architecture and layers are
 * recognised, mean and deviation taken from the file where it holds them, and ImageNet's assumed elsewhere, which
 * `manifest.normalization.assumed` says. The random networks (random-network.ts) are made, not read.
 * @throws MadderError `input` for an unknown id or a missing file, `network` for a file that cannot be used
 */
export async function loadNetwork(idOrPath: string, options: LoadOptions = {}): Promise<Network> {
  if (isWeightsFile(idOrPath)) return loadFile(idOrPath, options);
  if (extname(idOrPath) === '.json' && existsSync(idOrPath)) return loadDescribed(idOrPath, options);
  const seed = randomNetworkSeed(idOrPath);
  if (seed !== undefined) {
    const { manifest, template } = randomNetwork(seed);
    return assemble(template, manifest);
  }
  const folders = options.modelsFolders ?? [bundledModelsFolder()];
  if (networkIdSchema.safeParse(idOrPath).success) {
    for (const folder of folders) {
      const description = join(folder, `${idOrPath}.json`);
      if (existsSync(description)) return loadDescribed(description, options);
    }
  }
  const known = (await listNetworks(folders)).map((m) => m.id);
  const advice = known.length > 0 ? `the networks there are: ${known.join(', ')}` : 'there are no networks installed';
  throw new MadderError(
    'input',
    `There is no network "${idOrPath}"; ${advice}, or give a .safetensors, .pth or .onnx file.`,
  );
}

/**
 * Descriptions of the networks in the folders, by id; of equal ids the first. Unusable descriptions are left out. With the
 * bundled folder comes the random network, which has no files.
 */
export async function listNetworks(folders: readonly string[] = [bundledModelsFolder()]): Promise<NetworkManifest[]> {
  const found = new Map<string, NetworkManifest>();
  for (const folder of folders) {
    const files = existsSync(folder) ? await readdir(folder) : [];
    for (const file of files.filter((f) => extname(f) === '.json')) {
      const parsed = networkManifestSchema.safeParse(parseJson(await readFile(join(folder, file), 'utf8')));
      if (!parsed.success || !files.includes(weightsFileOf(parsed.data)) || found.has(parsed.data.id)) continue;
      found.set(parsed.data.id, parsed.data);
    }
  }
  if (folders.includes(bundledModelsFolder())) found.set(RANDOM_NETWORK_ID, randomNetworkManifest());
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Suffixes that make a text a path instead of an id. Which kind of weights it is, its content decides. */
const WEIGHTS = ['.safetensors', '.pth', '.pt', '.th', '.ckpt', '.bin', '.onnx'];

const isWeightsFile = (path: string): boolean => WEIGHTS.includes(extname(path).toLowerCase());

const weightsFileOf = ({ id, architecture }: NetworkManifest): string =>
  architecture === 'onnx' ? `${id}.onnx` : `${id}.safetensors`;

/** The value of a JSON text, or undefined where it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readManifest(path: string): Promise<NetworkManifest> {
  const parsed = networkManifestSchema.safeParse(parseJson(await readFile(path, 'utf8')));
  if (!parsed.success) {
    const { path: place, message } = parsed.error.issues[0]!;
    const where = place.length > 0 ? `${place.join('.')}: ` : '';
    throw new MadderError(
      'network',
      `${path} is not a network description (${where}${message}); correct or remove it.`,
    );
  }
  const expected = basename(path, '.json');
  if (parsed.data.id !== expected) {
    throw new MadderError(
      'network',
      `${path} describes the network "${parsed.data.id}"; rename it, or correct its id.`,
    );
  }
  return parsed.data;
}

async function loadDescribed(description: string, options: LoadOptions): Promise<Network> {
  const stated = await readManifest(description);
  const manifest = { ...stated, normalization: options.normalization ?? stated.normalization };
  const path = join(dirname(description), weightsFileOf(manifest));
  const { sha256, architecture, template } = await readTemplate(path, manifest.normalization);
  if (sha256 !== manifest.sha256) {
    throw new MadderError(
      'network',
      `${path} is not the file that its description names; copy or download both again.`,
    );
  }
  if (architecture !== manifest.architecture) {
    throw new MadderError(
      'network',
      `${path} holds the architecture ${architecture}, its description says ${manifest.architecture}; correct it.`,
    );
  }
  const layers = describedLayers(template.layers, manifest);
  const { styleLayers, contentLayers } = manifest;
  const network = assemble({ ...template, layers, styleLayers, contentLayers }, manifest);
  for (const name of Object.keys({ ...styleLayers, ...contentLayers })) findLayer(network, name);
  return network;
}

async function loadFile(path: string, options: LoadOptions): Promise<Network> {
  const { sha256, architecture, suggested, template, normalization } = await readTemplate(path, options.normalization);
  const name = basename(path, extname(path));
  return assemble(template, {
    version: 1,
    id: name.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9._-]/g, '') || 'network',
    name,
    sha256,
    architecture,
    normalization,
    layers: template.layers.map((l) => ({ name: l.name, label: l.label ?? l.name })),
    styleLayers: template.styleLayers,
    contentLayers: template.contentLayers,
    ...(suggested ? { suggested } : {}),
    licence: '',
    citation: '',
    description: '',
    source: basename(path),
  });
}

interface ReadTemplate {
  readonly sha256: string;
  readonly architecture: string;
  readonly suggested: NetworkManifest['suggested'];
  readonly template: Template;
  /** What was asked for, else what the file says, else what is assumed. */
  readonly normalization: Normalization;
}

async function readTemplate(path: string, stated: Normalization | undefined): Promise<ReadTemplate> {
  const file = basename(path);
  const sha256 = await unlessMissing(path, hashOf(path));
  if (extname(path).toLowerCase() === '.onnx') {
    const normalization = stated ?? ASSUMED;
    const template = templateFromOnnx(readOnnxFile(path), normalization, file);
    return { sha256, architecture: 'onnx', suggested: undefined, template, normalization };
  }
  const source = await unlessMissing(path, fileSource(path));
  try {
    const found = await findStateDict(await readWeightsIndex(source, file), source, file);
    const normalization = stated ?? found.normalization ?? ASSUMED;
    const build = (tensors: ReadonlyMap<string, Tensor>) => {
      const state = new StateDict(tensors, file);
      const { id, architecture } = recognise(state);
      return {
        architecture: id,
        suggested: architecture.suggested,
        template: architecture.build(state, normalization),
      };
    };
    return { sha256, normalization, ...build(await readNeeded(source, found.tensors, build)) };
  } finally {
    await source.close();
  }
}

const ASSUMED: Normalization = { ...IMAGENET_NORMALIZATION, assumed: true };

/** SHA-256 of a file, hexadecimal; never holds more than a piece of it. */
async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest('hex');
}

/** Waits for what reads a file, and says which one cannot be read. */
async function unlessMissing<T>(path: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    throw new MadderError('input', `${path} could not be read; check that the file is there.`, { cause });
  }
}

/** The layers under the names and labels that the description gives them. */
function describedLayers(layers: readonly Layer[], manifest: NetworkManifest): Layer[] {
  const result = [...layers];
  for (const { name, label, tensor } of manifest.layers) {
    const index = result.indexOf(findLayer({ name: manifest.name, layers: result }, tensor ?? name));
    result[index] = { ...result[index]!, name, label };
  }
  return result;
}

function assemble(template: Template, manifest: NetworkManifest): Network {
  const { id, name, sha256 } = manifest;
  return { ...template, id, name, sha256, manifest, identityGradient: new Set(), rewrites: [] };
}
