import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogueEntry } from '../../../../src/shared/catalogue.ts';
import type { Normalization } from '../../../../src/shared/network-manifest.ts';
import type { Tensor } from '../../../../src/shared/tensor.ts';
import { bundledModelsFolder, loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import { readSafetensors, writeSafetensors } from '../../../../src/main/formats/safetensors.ts';
import { libraryFolder } from '../../../../src/main/services/library/folders.ts';
import { importNetwork, type ImportOptions } from '../../../../src/main/services/library/import.ts';
import {
  catalogueEntry,
  findInstalled,
  installedNetworks,
  networkDetails,
  removeNetwork,
  verifyNetworks,
} from '../../../../src/main/services/networks.ts';
import { virtualTorchLegacy, virtualTorchZip } from '../../../support/virtual-file.ts';

const golden = (name: string) => `test/golden/data/${name}`;
const thin = golden('vgg16-thin.weights.safetensors');
const bundled = 'madder-vgg';

let library: string;
beforeEach(async () => (library = await mkdtemp(join(tmpdir(), 'madder-library-'))));
afterEach(() => rm(library, { recursive: true, force: true }));

const put = (path: string, options: ImportOptions = {}) => importNetwork(path, { library, ...options });
const files = async () => (await readdir(library)).sort();
const folders = () => [bundledModelsFolder(), library];
const bytesOf = ({ buffer, byteOffset, byteLength }: NodeJS.TypedArray) => Buffer.from(buffer, byteOffset, byteLength);
const file = (name: string) => join(library, '..', `${library.split('/').at(-1)!}-${name}`);

describe('libraryFolder', () => {
  it.each<[string, NodeJS.ProcessEnv, string, string | RegExp]>([
    ['what MADDER_LIBRARY says', { MADDER_LIBRARY: '/art/eyes', XDG_DATA_HOME: '/x' }, 'linux', '/art/eyes'],
    ['XDG_DATA_HOME', { XDG_DATA_HOME: '/data' }, 'linux', '/data/madder/networks'],
    ['no relative XDG_DATA_HOME', { XDG_DATA_HOME: 'data' }, 'linux', /\/\.local\/share\/madder\/networks$/],
    ['the Mac', {}, 'darwin', /\/Library\/Application Support\/Madder\/networks$/],
    ['Windows', {}, 'win32', /AppData.Roaming.Madder.networks$/],
  ])('is by %s', (_what, env, platform, expected) => {
    const folder = libraryFolder(env, platform);
    if (typeof expected === 'string') expect(folder).toBe(expected);
    else expect(folder).toMatch(expected);
  });
});

describe('importNetwork', () => {
  it.each(['vgg16-thin', 'alexnet-thin', 'resnet18-thin', 'resnet50-thin'])('keeps what %s sees', async (name) => {
    const { manifest, unused } = await put(golden(`${name}.weights.safetensors`), { precision: 'float32', id: 'mine' });
    const original = await loadNetwork(golden(`${name}.weights.safetensors`));
    const network = await loadNetwork('mine', { modelsFolders: [library] });
    expect(network.layers).toEqual(original.layers);
    for (const [name, { data }] of original.graph.initializers) {
      expect(bytesOf(network.graph.initializers.get(name)!.data).equals(bytesOf(data)), name).toBe(true);
    }
    expect(manifest.name).toBe(`${name}.weights`);
    expect(unused.every((what) => /num_batches_tracked|fc\.|classifier\./.test(what))).toBe(true);
  });

  it('is exact to half precision by default', async () => {
    await put(thin, { id: 'half' });
    const [half, exact] = [await loadNetwork('half', { modelsFolders: [library] }), await loadNetwork(thin)];
    for (const [name, { data }] of exact.graph.initializers) {
      const rounded = half.graph.initializers.get(name)!.data as Float32Array;
      const isClose = (value: number, i: number) => Math.abs(rounded[i]! - value) <= Math.abs(value) / 1024 + 1e-7;
      expect((data as Float32Array).every(isClose), name).toBe(true);
    }
  });

  it.each([
    ['torch-zip', virtualTorchZip],
    ['torch-legacy', virtualTorchLegacy],
  ])('reads %s', async (format, make) => {
    const { tensors } = readSafetensors(await readFile(thin));
    const virtual = make(new Map([...tensors].map(([name, { dims }]) => [`module.${name}`, dims])));
    const path = file('weights.pth');
    await writeFile(path, virtual.read(0, virtual.size));
    const { manifest, notes } = await put(path, { name: 'My own net (2)' });
    await rm(path);
    expect(manifest).toMatchObject({ id: 'my-own-net-2', architecture: 'vgg16', provenance: { format } });
    expect(notes.join()).toMatch(/ImageNet's mean and deviation are assumed/);
  });

  it('reads ONNX as it is', async () => {
    const normalization: Normalization = { mean: [1, 2, 3], std: [1, 1, 1], channels: 'BGR', scale: 255 };
    const { manifest } = await put(golden('resnet18-thin.onnx'), { id: 'graph', normalization });
    expect(await files()).toEqual(['graph.json', 'graph.onnx']);
    expect(manifest.normalization).toEqual(normalization);
    const copy = await readFile(join(library, 'graph.onnx'));
    expect(copy.equals(await readFile(golden('resnet18-thin.onnx')))).toBe(true);
    expect((await loadNetwork('graph', { modelsFolders: [library] })).layers.length).toBeGreaterThan(5);
  });

  it('takes mean and deviation from files that say them', async () => {
    const { tensors } = readSafetensors(await readFile(golden('resnet18-thin.weights.safetensors')));
    const triple = (...values: number[]) => ({
      type: 'float32' as const,
      dims: [3, 1, 1],
      data: Float32Array.from(values),
    });
    const wrapped = new Map<string, Tensor>();
    for (const [name, tensor] of tensors) wrapped.set(`model.module.model.${name}`, tensor);
    wrapped.set('model.module.normalizer.new_mean', triple(0.4717, 0.4499, 0.3837));
    wrapped.set('model.module.normalizer.new_std', triple(0.26, 0.2516, 0.2575));
    const path = file('robust.safetensors');
    await writeFile(path, writeSafetensors(wrapped));
    const { manifest, notes } = await put(path, { id: 'robust' });
    await rm(path);
    expect(manifest.normalization).toEqual({
      mean: [0.4717, 0.4499, 0.3837],
      std: [0.26, 0.2516, 0.2575],
      channels: 'RGB',
      scale: 1,
    });
    expect(notes).toEqual([]);
  });

  it.each<[string, string, ImportOptions, RegExp]>([
    ['a file that is not there', 'nowhere.pth', {}, /nowhere\.pth could not be read/],
    ['a picture', 'resources/samples/photos/lake.jpg', {}, /lake\.jpg is neither a safetensors file nor/],
    ['an id with a folder', thin, { id: '../up' }, /cannot be an id/],
    ['an id like a file', thin, { id: 'vgg.pth' }, /would be taken for a file/],
    ["a bundled network's id", thin, { id: bundled }, /came with Madder; choose another id/],
  ])('refuses %s', async (_what, path, options, words) => {
    await expect(put(path, options)).rejects.toThrow(words);
    expect(await files()).toEqual([]);
  });
});

describe('a file got by hand', () => {
  const bytes = readFile(thin);
  const entry = async (source: Partial<CatalogueEntry['sources'][number]>): Promise<CatalogueEntry> => ({
    ...(await catalogueEntry('vgg16')),
    sources: [{ url: 'https://example.org/vgg16.pth', ...source }],
  });
  const hash = async () =>
    createHash('sha256')
      .update(await bytes)
      .digest('hex');

  it('takes the place of a download', async () => {
    const as = await entry({ sha256: (await hash()).slice(0, 8), bytes: (await bytes).length });
    const { manifest } = await put(thin, { as });
    const { licence, citation, pooling, normalization } = as;
    expect(manifest).toMatchObject({ id: 'vgg16', name: 'VGG-16', licence, citation, pooling, normalization });
    expect(manifest.provenance).toMatchObject({ sha256: await hash(), hashCheck: 'beginning' });
    expect(manifest.provenance!.url).toBeUndefined();
  });

  it('is checked as far as anything is known', async () => {
    expect((await put(thin, { as: await entry({}) })).manifest.provenance).toMatchObject({ hashCheck: 'none' });
    const refused = async (source: Parameters<typeof entry>[0]) => {
      await expect(put(thin, { as: await entry(source) })).rejects.toThrow(/is not the published file of VGG-16/);
    };
    await refused({ sha256: 'deadbeef' });
    await refused({ bytes: 5 });
    await refused({ approximateBytes: 550e6 });
    const alexnet = golden('alexnet-thin.weights.safetensors');
    await expect(put(alexnet, { as: await entry({}) })).rejects.toThrow(/holds alexnet instead of vgg16/);
    await expect(put(golden('alexnet-thin.onnx'), { as: await entry({}) })).rejects.toThrow(/is an ONNX file/);
  });
});

describe('the library', () => {
  it('is listed beside the bundled networks, with layers', async () => {
    await put(thin, { id: 'thin' });
    const networks = await installedNetworks({ folders: folders() });
    expect(networks.map(({ manifest, bundled: own }) => [manifest.id, own])).toEqual(
      expect.arrayContaining([
        [bundled, true],
        ['thin', false],
      ]),
    );
    for (const { manifest, layers } of networks) {
      const loaded = await loadNetwork(manifest.id, { modelsFolders: folders() });
      expect(layers).toEqual(loaded.layers);
    }
  });

  it('is found by engines that know nothing of it', async () => {
    await put(thin, { id: 'thin' });
    const found = await findInstalled('thin', { folders: folders() });
    expect(await loadNetwork(found)).toMatchObject({
      id: 'thin',
      manifest: { provenance: { file: thin.split('/').at(-1) } },
    });
    expect(await findInstalled(bundled, { folders: folders() })).toBe(bundled);
    expect(await findInstalled(thin, { folders: folders() })).toBe(thin);
    await expect(findInstalled('vgg19', { folders: folders() })).rejects.toThrow(/madder networks download vgg19/);
  });

  it('knows all about a network, installed or not', async () => {
    const { installed, entry, families } = await networkDetails('robust-resnet50-l2-eps3', { folders: folders() });
    expect(installed).toBeUndefined();
    expect(entry!.robustness).toEqual({ norm: 'l2', epsilon: 3 });
    expect(families.map(({ id }) => id)).toEqual(['robust-resnet50-l2']);
    await expect(networkDetails('nobody', { folders: folders() })).rejects.toThrow(/no network "nobody"/);
  });

  it('is verified: every byte, every half', async () => {
    await put(thin, { id: 'good' });
    await put(thin, { id: 'spoilt' });
    await put(thin, { id: 'halved' });
    await put(thin, { id: 'nameless' });
    const spoilt = await readFile(join(library, 'spoilt.safetensors'));
    spoilt[spoilt.length - 1]! ^= 1;
    await writeFile(join(library, 'spoilt.safetensors'), spoilt);
    await rm(join(library, 'halved.safetensors'));
    await rm(join(library, 'nameless.json'));
    await mkdir(join(library, '.madder-0123.tmp'));
    await copyFile(thin, join(library, '.madder-0123.tmp', 'x.safetensors'));
    const verified = await verifyNetworks(undefined, { folders: folders() });
    expect(Object.fromEntries(verified.map(({ id, problem }) => [id, problem]))).toEqual({
      [bundled]: undefined,
      'madder-resnet-standard': undefined,
      'madder-resnet-robust': undefined,
      good: undefined,
      spoilt: expect.stringMatching(/is not the file that its description names/) as string,
      halved: expect.stringMatching(/could not be read/) as string,
      nameless: expect.stringMatching(/nameless\.json is missing/) as string,
    });
    expect(await files()).not.toContain('.madder-0123.tmp');
  });

  it('shows the others where one is damaged', async () => {
    await put(thin, { id: 'good' });
    await put(thin, { id: 'cut' });
    await writeFile(join(library, 'cut.safetensors'), new Uint8Array(5));
    const ids = (await installedNetworks({ folders: folders() })).map(({ manifest }) => manifest.id);
    expect(ids).toContain('good');
    expect(ids).not.toContain('cut');
  });

  it('loses what is removed, and nothing else', async () => {
    await put(thin, { id: 'thin' });
    await removeNetwork('thin', library);
    expect(await files()).toEqual([]);
    await expect(removeNetwork('thin', library)).rejects.toThrow(/no network "thin" in/);
    await expect(removeNetwork(bundled, library)).rejects.toThrow(/came with Madder and stays/);
    await expect(removeNetwork('../x', library)).rejects.toThrow(/no network/);
  });
});
