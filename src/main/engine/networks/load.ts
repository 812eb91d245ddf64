import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
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
import { readOnnxFile } from '../../formats/onnx-file.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Template } from './architectures/builder.ts';
import { recognise } from './architectures/recognise.ts';
import { StateDict } from './architectures/state-dict.ts';
import { findLayer, type Layer, type Network } from './network.ts';
import { templateFromOnnx } from './onnx-network.ts';

export interface LoadOptions {
  /** Folders of networks with descriptions, the first that has an id wins; by default the bundled ones. */
  readonly modelsFolders?: readonly string[];
  /** Overrides what the description says, or what is assumed where there is none. */
  readonly normalization?: Normalization;
}

/** The folder of the bundled networks, beside the package description, wherever this module runs from. */
export function bundledModelsFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) && folder !== dirname(folder)) folder = dirname(folder);
  return join(folder, 'models');
}

/**
 * Loads a network by its id (`<id>.json` beside its weights in a models folder) or from a `.safetensors` or `.onnx`
 * file. Files without a description get one: architecture and layers are recognised, and ImageNet's mean and deviation
 * assumed, which `manifest.normalization.assumed` says.
 * @throws MadderError `input` for an unknown id or a missing file, `network` for a file that cannot be used
 */
export async function loadNetwork(idOrPath: string, options: LoadOptions = {}): Promise<Network> {
  if (isWeightsFile(idOrPath)) return loadFile(idOrPath, options);
  const folders = options.modelsFolders ?? [bundledModelsFolder()];
  if (networkIdSchema.safeParse(idOrPath).success) {
    for (const folder of folders) {
      const description = join(folder, `${idOrPath}.json`);
      if (existsSync(description)) return loadDescribed(description, options);
    }
  }
  const known = (await listNetworks(folders)).map((m) => m.id);
  const advice = known.length > 0 ? `the networks there are: ${known.join(', ')}` : 'there are no networks installed';
  throw new MadderError('input', `There is no network "${idOrPath}"; ${advice}, or give a .safetensors or .onnx file.`);
}

/** Descriptions of the networks in the folders, by id; of equal ids the first. Unusable descriptions are left out. */
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
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

const isWeightsFile = (path: string): boolean => ['.safetensors', '.onnx'].includes(extname(path).toLowerCase());

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
  const normalization = options.normalization ?? { ...IMAGENET_NORMALIZATION, assumed: true };
  const { sha256, architecture, suggested, template } = await readTemplate(path, normalization);
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

async function readTemplate(path: string, normalization: Normalization) {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new MadderError('input', `${path} could not be read; check that the file is there.`, { cause });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const file = basename(path);
  if (extname(path).toLowerCase() === '.onnx') {
    return {
      sha256,
      architecture: 'onnx',
      suggested: undefined,
      template: templateFromOnnx(readOnnxFile(path), normalization, file),
    };
  }
  const state = new StateDict(readSafetensors(bytes, file).tensors, file);
  const { id, architecture } = recognise(state);
  return {
    sha256,
    architecture: id,
    suggested: architecture.suggested,
    template: architecture.build(state, normalization),
  };
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
