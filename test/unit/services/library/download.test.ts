import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CatalogueEntry, CatalogueSource } from '../../../../src/shared/catalogue.ts';
import { IMAGENET_NORMALIZATION } from '../../../../src/shared/network-manifest.ts';
import { readSafetensors, writeSafetensors } from '../../../../src/main/formats/safetensors.ts';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import { catalogueEntry } from '../../../../src/main/services/library/catalogue.ts';
import {
  downloadNetwork,
  type DownloadEvent,
  type DownloadOptions,
} from '../../../../src/main/services/library/download.ts';
import { FileServer, type Manners } from '../../../support/file-server.ts';
import { SHAPES } from '../../../support/network-shapes.ts';
import {
  fileOf,
  virtualSafetensors,
  virtualTorchLegacy,
  virtualTorchZip,
  type VirtualFile,
} from '../../../support/virtual-file.ts';

let server: FileServer;
beforeAll(async () => (server = await FileServer.start()));
afterAll(() => server.stop());

let library: string;
beforeEach(async () => (library = await mkdtemp(join(tmpdir(), 'madder-library-'))));
afterEach(() => rm(library, { recursive: true, force: true }));

/** 924 kB, classifier included. */
const thin = await readFile('test/golden/data/vgg16-thin.weights.safetensors');
const thinHash = createHash('sha256').update(thin).digest('hex');
/** A file that begins with a network that is not needed, larger than what lies between ranges that are joined. */
const padded = (() => {
  const { tensors } = readSafetensors(thin);
  const ballast = { type: 'float32' as const, dims: [1_000_000], data: new Float32Array(1_000_000) };
  return writeSafetensors(new Map([...tensors, ['classifier.0.weight', ballast]]));
})();

const entryOf = (...sources: CatalogueSource[]): CatalogueEntry => ({
  id: 'thin',
  name: 'Thin VGG',
  architecture: 'vgg16',
  sources,
  normalization: IMAGENET_NORMALIZATION,
  layers: ['relu1_1', 'relu4_2'],
  styleLayers: { relu1_1: 0.5 },
  contentLayers: { relu4_2: 1 },
  licence: 'MIT',
  citation: 'nobody',
  description: 'Thin.',
});

const quick: DownloadOptions = { backoffMs: 5, stallMs: 300 };
let events: DownloadEvent[] = [];
beforeEach(() => (events = []));
const download = (entry: CatalogueEntry, options: DownloadOptions = {}) =>
  downloadNetwork(entry, { library, ...quick, onEvent: (event) => void events.push(event), ...options });
const notes = () => events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
const files = async () => (await readdir(library)).sort();
const serve = (name: string, manners?: Manners, file: Uint8Array | VirtualFile = thin) =>
  server.serve(name, file instanceof Uint8Array ? fileOf(file) : file, manners);

async function expectInstalled() {
  expect(await files()).toEqual(['thin.json', 'thin.safetensors']);
  const network = await loadNetwork('thin', { modelsFolders: [library] });
  expect(network.styleLayers).toEqual({ relu1_1: 0.5 });
  return network;
}

/** One sentence, and nothing that looks like a network. */
async function expectFailure(attempt: Promise<unknown>, words: RegExp) {
  await expect(attempt).rejects.toThrow(words);
  expect((await files()).filter((name) => !name.startsWith('.'))).toEqual([]);
}

describe('a download', () => {
  it('fetches the tensors that the architecture uses, and records where from', async () => {
    const url = serve('padded.safetensors', {}, padded);
    const manifest = await download(entryOf({ url, sha256: 'f'.repeat(64) }));
    const sent = server.sent('padded.safetensors');
    expect(sent).toBeLessThan(thin.length + 70_000);
    expect(manifest.provenance).toMatchObject({
      url,
      file: 'padded.safetensors',
      format: 'safetensors',
      bytes: padded.length,
      transferred: sent,
      hashCheck: 'none',
    });
    expect(manifest.provenance!.sha256).toBeUndefined();
    await expectInstalled();
    const { tensors } = readSafetensors(await readFile(join(library, 'thin.safetensors')));
    expect(tensors.get('features.0.weight')!.type).toBe('float16');
    expect(tensors.get('features.0.bias')!.type).toBe('float32');
    expect([...tensors.keys()].filter((name) => name.startsWith('classifier'))).toEqual([]);
  });

  it('makes the same file every time, whatever the source looked like', async () => {
    const first = await download(entryOf({ url: serve('a', {}, padded) }));
    const second = await download(entryOf({ url: serve('b') }), { again: true });
    expect(second.sha256).toBe(first.sha256);
  });

  it('keeps every digit as float32', async () => {
    await download(entryOf({ url: serve('exact') }), { precision: 'float32' });
    const { tensors } = readSafetensors(await readFile(join(library, 'thin.safetensors')));
    const original = readSafetensors(thin).tensors;
    for (const [name, tensor] of tensors) expect(tensor).toEqual(original.get(name));
  });

  it('fetches all of a file that is nearly all needed, to check its hash', async () => {
    const { provenance } = await download(entryOf({ url: serve('whole'), sha256: thinHash }));
    expect(provenance).toMatchObject({ sha256: thinHash, hashCheck: 'whole', bytes: thin.length });
    const prefix = await download(entryOf({ url: serve('prefix'), sha256: thinHash.slice(0, 8) }), { again: true });
    expect(prefix.provenance).toMatchObject({ hashCheck: 'beginning' });
  });

  it('says how far it is, how fast and how long', async () => {
    await download(entryOf({ url: serve('slow', { pause: 30 }) }));
    const progress = events.filter((event) => event.type === 'progress');
    expect(progress.length).toBeGreaterThan(2);
    const { done, total, secondsLeft } = progress.at(-1)!;
    expect({ done, secondsLeft }).toEqual({ done: total, secondsLeft: 0 });
    expect(progress[1]!.bytesPerSecond).toBeGreaterThan(1e5);
    expect(progress[1]!.secondsLeft).toBeGreaterThan(0);
    expect(progress.map((p) => p.done)).toEqual(progress.map((p) => p.done).sort((a, b) => a - b));
  });

  it('leaves what is installed alone', async () => {
    const entry = entryOf({ url: serve('once') });
    const first = await download(entry);
    expect(await download(entry)).toEqual(first);
    expect(notes()).toEqual(['Thin VGG is installed already.']);
  });
});

describe('servers', () => {
  it('that ignore ranges send the whole file', async () => {
    await download(entryOf({ url: serve('rangeless', { ranges: false }, padded) }));
    expect(notes().join()).toMatch(/does not send parts of files; the whole file is fetched/);
    expect(server.sent('rangeless')).toBe(padded.length);
    const { provenance } = await expectInstalled().then(({ manifest }) => manifest);
    expect(provenance!.sha256).toBe(createHash('sha256').update(padded).digest('hex'));
  });

  it('that say neither ranges nor lengths are read to the end', async () => {
    await download(entryOf({ url: serve('endless', { ranges: false, chunked: true }) }));
    await expectInstalled();
  });

  it('that break the connection are asked for the rest', async () => {
    await download(entryOf({ url: serve('drops', { drop: { after: 200_000, times: 3 } }, padded) }));
    expect(notes().filter((n) => /broke|failed/.test(n))).toHaveLength(3);
    expect(server.sent('drops')).toBeLessThan(thin.length + 600_000);
    await expectInstalled();
  });

  it('that ignore ranges and break the connection begin anew', async () => {
    await download(entryOf({ url: serve('restarts', { ranges: false, drop: { after: 200_000, times: 1 } }) }));
    await expectInstalled();
  });

  it('that say nothing any more are asked again', async () => {
    await download(entryOf({ url: serve('stalls', { stall: { after: 100_000, times: 1 } }) }));
    expect(notes().join()).toMatch(/has said nothing for/);
    await expectInstalled();
  });

  it('that are overloaded are asked again, as late as they wish', async () => {
    const started = performance.now();
    const fail = { status: 503, times: 2, headers: { 'retry-after': '0.2' } };
    await download(entryOf({ url: serve('busy', { fail }) }));
    expect(performance.now() - started).toBeGreaterThan(390);
    await expectInstalled();
  });

  it('that lead elsewhere are followed, once for many ranges', async () => {
    const target = serve('target', {}, padded);
    await download(entryOf({ url: serve('detour', { redirect: target }) }));
    expect(server.requests('detour')).toBe(1);
    expect(server.requests('target')).toBeGreaterThan(1);
    await expectInstalled();
  });

  it('that lead in circles are given up', async () => {
    const circle = serve('circle', { redirect: '/circle' });
    await expectFailure(download(entryOf({ url: circle })), /leads from one address to the next without end/);
  });

  it('that lack the file are left for the next source', async () => {
    const gone = `${server.origin}/gone.pth`;
    const { provenance } = await download(entryOf({ url: gone }, { url: serve('second') }));
    expect(provenance!.url).toBe(`${server.origin}/second`);
    expect(notes().join()).toMatch(/the file is not there any more. The next source is tried\./);
    expect(events.flatMap((e) => (e.type === 'source' ? [e.url] : []))).toEqual([gone, `${server.origin}/second`]);
  });

  it('that do not exist are tried several times, then named', async () => {
    const nowhere = 'http://127.0.0.1:9/vgg.pth';
    const attempt = download(entryOf({ url: nowhere }, { url: `${server.origin}/gone` }), { tries: 2 });
    await expectFailure(attempt, /127\.0\.0\.1:9 does not answer; .* not there any more\); .*import FILE --as thin/);
    expect(notes().filter((n) => n.includes('trying again'))).toHaveLength(1);
  });
});

describe('what is wrong is never installed', () => {
  const wrong = async (name: string, change: (bytes: Uint8Array) => Uint8Array, source: Partial<CatalogueSource>) =>
    download(entryOf({ url: serve(name, {}, change(Uint8Array.from(thin))), ...source }));
  const flip = (bytes: Uint8Array) => {
    bytes[bytes.length - 2]! ^= 1;
    return bytes;
  };
  const edit = (change: (tensors: ReturnType<typeof readSafetensors>['tensors']) => void) => (bytes: Uint8Array) => {
    const { tensors } = readSafetensors(bytes);
    change(tensors);
    return writeSafetensors(tensors);
  };

  it.each<[string, (bytes: Uint8Array) => Uint8Array, Partial<CatalogueSource>, RegExp]>([
    ['another hash', flip, { sha256: thinHash }, /is not the file that was published/],
    ['another length', (b) => b, { bytes: thin.length - 1 }, /has 9\d+ bytes instead of 9\d+/],
    ['a length far off', (b) => b, { approximateBytes: 2 * thin.length }, /instead of about/],
    ['a file that is cut off', (b) => b.subarray(0, 500_000), {}, /cut off/],
    ['a web page', () => new TextEncoder().encode('<!doctype html><p>Sign in</p>'), {}, /is a web page/],
    [
      'numbers that are none',
      edit((t) => (t.get('features.5.weight')!.data as Float32Array).fill(NaN, 7, 8)),
      {},
      /"features.5.weight" holds infinite or undefined/,
    ],
    [
      'nothing but zeros',
      edit((t) => (t.get('features.5.weight')!.data as Float32Array).fill(0)),
      {},
      /"features.5.weight" holds nothing but zeros/,
    ],
    ['a tensor less', edit((t) => t.delete('features.5.weight')), {}, /lacks/],
    ['another architecture', () => Uint8Array.from(readAlexnet), {}, /holds alexnet instead of vgg16/],
  ])('%s', async (name, change, source, words) => {
    await expectFailure(wrong(name.replaceAll(' ', '-'), change, source), words);
    // Nor is a piece of it kept, which would spoil the next attempt.
    expect(await files()).toEqual([]);
  });

  it('and the next source is tried', async () => {
    const spoilt = serve('spoilt', {}, flip(Uint8Array.from(thin)));
    await download(entryOf({ url: spoilt, sha256: thinHash }, { url: serve('good'), sha256: thinHash }));
    await expectInstalled();
  });
});

const readAlexnet = await readFile('test/golden/data/alexnet-thin.weights.safetensors');

describe('an interruption', () => {
  it('by the person keeps what was fetched', async () => {
    const controller = new AbortController();
    const url = serve('cancel', { pause: 10 }, padded);
    const onEvent = (event: DownloadEvent) => {
      if (event.type === 'progress' && event.done > 300_000) controller.abort(new Error('enough'));
    };
    await expectFailure(download(entryOf({ url }), { signal: controller.signal, onEvent }), /enough/);
    const before = server.sent('cancel');
    const { provenance } = await download(entryOf({ url }));
    const plan = events.find((event) => event.type === 'plan')!;
    expect(plan.kept).toBeGreaterThan(250_000);
    expect(server.sent('cancel') - before).toBeLessThan(plan.bytes - 250_000);
    expect(provenance!.transferred).toBeGreaterThan(plan.bytes - 1);
    await expectInstalled();
  });

  it('does not mix two files', async () => {
    const controller = new AbortController();
    const onEvent = (event: DownloadEvent) => {
      if (event.type === 'progress' && event.done > 300_000) controller.abort(new Error('enough'));
    };
    const url = serve('changing', { pause: 10, etag: '"one"' });
    await expectFailure(download(entryOf({ url }), { signal: controller.signal, onEvent }), /enough/);
    serve('changing', { etag: '"two"' });
    await download(entryOf({ url, sha256: thinHash }));
    expect(notes().join()).toMatch(/has changed since part of it was fetched/);
    await expectInstalled();
  });

  it('in which the list of pieces was lost begins anew', async () => {
    const controller = new AbortController();
    const onEvent = (event: DownloadEvent) => {
      if (event.type === 'progress' && event.done > 300_000) controller.abort(new Error('enough'));
    };
    const url = serve('lost', { pause: 10 });
    await expectFailure(download(entryOf({ url }), { signal: controller.signal, onEvent }), /enough/);
    const partial = join(library, '.madder-partial');
    const [folder] = await readdir(partial);
    await writeFile(join(partial, folder!, 'state.json'), '{"version":1');
    await download(entryOf({ url }));
    await expectInstalled();
  });

  it('lets nobody else begin meanwhile', async () => {
    const url = serve('locked', { pause: 20 });
    const first = download(entryOf({ url }));
    await expect.poll(() => events.length).toBeGreaterThan(0);
    await expect(download(entryOf({ url }))).rejects.toThrow(/is being downloaded by another Madder/);
    await first;
    await expectInstalled();
  });
});

describe('VGG-19 in full width', () => {
  const tensors = new Map([
    ...SHAPES['vgg19']!(),
    ['classifier.0.weight', [4096, 25088]],
    ['classifier.0.bias', [4096]],
    ['classifier.3.weight', [4096, 4096]],
    ['classifier.3.bias', [4096]],
    ['classifier.6.weight', [1000, 4096]],
    ['classifier.6.bias', [1000]],
  ]);

  it.each([
    ['safetensors', virtualSafetensors],
    ['torch-zip', virtualTorchZip],
    ['torch-legacy', virtualTorchLegacy],
  ])('as %s costs 80 of 575 MB', async (format, make) => {
    const file = make(tensors);
    expect(file.size).toBeGreaterThan(574e6);
    const name = `vgg19.${format}`;
    const entry = { ...(await catalogueEntry('vgg19')), sources: [{ url: serve(name, {}, file), sha256: 'dcbb9e9d' }] };
    const { provenance, sha256 } = await download(entry);
    expect(server.sent(name)).toBeLessThan(85e6);
    expect(server.sent(name)).toBe(provenance!.transferred);
    expect(server.requests(name)).toBeLessThan(60);
    expect(provenance).toMatchObject({ format, bytes: file.size });
    expect((await stat(join(library, 'vgg19.safetensors'))).size).toBeLessThan(41e6);
    const { manifest } = await loadNetwork('vgg19', { modelsFolders: [library] });
    expect(manifest).toMatchObject({ sha256, pooling: 'average', architecture: 'vgg19' });
  });

  it('to relu5_1 costs 52 MB', async () => {
    const entry = {
      ...(await catalogueEntry('vgg19')),
      sources: [{ url: serve('cut', {}, virtualTorchLegacy(tensors)) }],
    };
    const { provenance, styleLayers, contentLayers } = await download(entry, { until: 'relu5_1' });
    expect(server.sent('cut')).toBeLessThan(54e6);
    expect(provenance!.until).toBe('relu5_1');
    expect([styleLayers, contentLayers]).toEqual([entry.styleLayers, entry.contentLayers]);
    const { layers } = await loadNetwork('vgg19', { modelsFolders: [library] });
    expect(layers.filter(({ kind }) => kind === 'activation').at(-1)!.name).toBe('relu5_1');
    await expect(download(entry, { until: 'relu9_1', again: true })).rejects.toThrow(/no layer "relu9_1"/);
  });
});
