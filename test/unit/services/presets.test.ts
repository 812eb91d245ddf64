import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Picture } from '../../../src/main/codec/picture.ts';
import { loadNetwork } from '../../../src/main/engine/networks/load.ts';
import { applyRewrites } from '../../../src/main/engine/networks/rewrites/apply.ts';
import { PictureObjective } from '../../../src/main/engine/objective/objective.ts';
import { RunControl } from '../../../src/main/engine/runs/control.ts';
import { run, type RunProgress } from '../../../src/main/engine/runs/run.ts';
import { readSafetensorsFile } from '../../../src/main/formats/safetensors.ts';
import { prepareRun, type PaintRequest } from '../../../src/main/services/painter.ts';
import { builtInPresets, findPreset } from '../../../src/main/services/presets.ts';
import { migratePreset, type Preset } from '../../../src/shared/preset.ts';
import type { Recipe } from '../../../src/shared/recipe.ts';
import { numbersOf } from '../../../src/shared/tensor.ts';

const golden = (name: string) => fileURLToPath(new URL(`../../golden/data/${name}`, import.meta.url));
const thin = (name: string) => golden(`${name}.weights.safetensors`);
const NETWORKS: Readonly<Record<string, string>> = {
  vgg19: thin('vgg19-thin-maxpool'),
  resnet50: thin('resnet50-thin'),
  alexnet: thin('alexnet-thin'),
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'madder-presets-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A picture file of the given size with something in it. */
async function pictureFile(name: string, width: number, height: number): Promise<string> {
  const path = join(folder, name);
  const noise = Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * i * 31 + i * 7) % 251);
  await sharp(noise, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path);
  return path;
}

const request = async (preset: Preset, changes: Partial<PaintRequest> = {}): Promise<PaintRequest> => ({
  photo: await pictureFile('photo.png', 96, 72),
  styles: [{ path: await pictureFile('painting.png', 80, 100) }],
  network: NETWORKS[preset.networkArchitecture!]!,
  preset,
  ...changes,
});

/** The first evaluations of a recipe, on pictures of noise. */
async function begin(recipe: Recipe, networkFile: string, evaluations: number): Promise<RunProgress[]> {
  const { normalization, rewrites } = recipe.networks.style;
  const network = applyRewrites(await loadNetwork(networkFile, { normalization: normalization! }), rewrites);
  const picture = ({ width, height }: { width: number; height: number }): Picture => ({
    width,
    height,
    data: Float32Array.from({ length: 3 * width * height }, (_, i) => 0.5 + 0.4 * Math.sin(i * i)),
  });
  const images = new Map([recipe.content, recipe.styles[0]!.image].map((image) => [image.sha256, picture(image)]));
  const seen: RunProgress[] = [];
  const control = new RunControl();
  await run(
    recipe,
    { images, networks: { style: network } },
    {
      control,
      threads: 1,
      onProgress: (p) => {
        seen.push(p);
        if (seen.length === evaluations) control.stop();
      },
    },
  );
  return seen;
}

describe('built-in presets', () => {
  const presets = builtInPresets();
  const published = presets.slice(5);

  it('are those for every day and the published recipes', () => {
    expect(presets.map(({ id }) => id)).toEqual([
      'gentle',
      'own-colours',
      'fine-strokes',
      'bold-strokes',
      'freely',
      'gatys-2015',
      'neural-style',
      'nakano-2019-vgg-19',
      'nakano-2019-robust-resnet-50',
      'nakano-2019-standard-resnet-50',
      'distill-2019-reply-alexnet',
    ]);
    for (const { preset } of published) expect(preset.citation).toBeTruthy();
    for (const { preset } of presets) {
      expect(preset.description).toMatch(/^[^\n]*\.$/);
      expect(migratePreset(JSON.parse(JSON.stringify(preset)))).toEqual(preset);
    }
  });

  it.each(presets.slice(0, 5).map(({ id, preset }) => [id, preset] as const))(
    "%s, for every day, paints with Madder's own network",
    async (_id, preset) => {
      const asked = await request(preset, { size: 64, network: 'madder-vgg' });
      const { recipe, notes } = await prepareRun(asked);
      expect(notes.join()).not.toMatch(/another network/);
      expect(recipe.networks.style.rewrites).toEqual([{ pooling: { kind: 'average' } }, { octaves: 3 }]);
      const { colour, init, objective } = preset;
      expect(recipe).toMatchObject({
        ...(colour && { colour }),
        ...(init && { init }),
        ...(objective && { objective }),
      });
      const [first] = await begin(recipe, asked.network, 1);
      for (const { value } of first!.terms) expect(Number.isFinite(value)).toBe(true);
    },
  );

  it.each(published.map(({ id, preset }) => [id, preset] as const))(
    '%s begins a run with its terms',
    async (_id, preset) => {
      const asked = await request(preset, { size: 64 });
      const { recipe, notes } = await prepareRun(asked);
      expect(notes.join()).not.toMatch(/another network/);
      expect(recipe.schedule).toMatchObject({ size: 64, side: preset.schedule!.side, levels: preset.schedule!.levels });
      expect(recipe).toMatchObject({ optimizer: preset.optimizer!, init: preset.init!, objective: preset.objective! });
      const { normalization, rewrites } = preset.networks!.style!;
      expect(recipe.networks.style.rewrites).toEqual(rewrites);
      if (normalization) expect(recipe.networks.style.normalization).toEqual(normalization);
      const [first] = await begin(recipe, asked.network, 1);
      const { styleLayers, contentLayers, variation } = preset.objective!;
      expect(first!.terms.map((t) => [t.kind, t.layer])).toEqual([
        ...Object.keys(styleLayers!).map((layer) => ['style', layer]),
        ...Object.keys(contentLayers!).map((layer) => ['content', layer]),
        ...(variation! > 0 ? [['variation', '']] : []),
      ]);
      for (const { value } of first!.terms) expect(Number.isFinite(value)).toBe(true);
    },
  );

  it("has the article's numbers", async () => {
    const article = async (name: string) => (await findPreset(`Nakano 2019, ${name}`)) satisfies Preset;
    const vgg = await article('VGG-19');
    expect(vgg.objective).toMatchObject({ normalization: 'mean', style: 4e6, content: 1, variation: 0 });
    expect(vgg.optimizer).toEqual({ kind: 'lbfgs', lineSearch: 'none', history: 100 });
    expect(vgg.schedule).toEqual({ size: 512, side: 'short', levels: [{ factor: 1, evaluations: 100 }] });
    expect((await article('robust ResNet-50')).objective!.style).toBe(1e9);
    expect((await article('standard ResNet-50')).objective!.style).toBe(1e17);
  });

  it("'s VGG loses what the article's loop in PyTorch loses", async () => {
    interface Trace {
      readonly runs: readonly { readonly styleWeight: number; readonly evaluations: readonly (readonly number[])[] }[];
    }
    const trace = (JSON.parse(await readFile(golden('vgg19-thin.trace.json'), 'utf8')) as Trace).runs[0]!;
    const reference = await readSafetensorsFile(golden('vgg19-thin-avgpool.golden.safetensors'));
    const style = await readSafetensorsFile(golden('trace-style.safetensors'));
    const picture = (tensor = style.tensors.values().next().value!): Picture => ({
      width: tensor.dims[3]!,
      height: tensor.dims[2]!,
      data: tensor.data as Float32Array,
    });
    const [photo, painting] = [picture(reference.tensors.get('image')), picture()];
    const preset = await findPreset('nakano-2019-vgg-19');
    // The trace has pictures of its own size, unscaled, and a style weight that suits a thin network.
    const short = ({ width, height }: Picture) => Math.min(width, height);
    const asked = await request(preset, {
      photo: await pictureFile('trace-photo.png', photo.width, photo.height),
      styles: [
        {
          path: await pictureFile('trace-painting.png', painting.width, painting.height),
          scale: short(painting) / short(photo),
        },
      ],
      size: short(photo),
      strength: trace.styleWeight / preset.objective!.style!,
      iterations: 10,
    });
    const { recipe } = await prepareRun(asked);
    const values = (name: string) => numbersOf(reference.tensors.get(name)!) as [number, number, number];
    const loaded = await loadNetwork(asked.network, {
      normalization: { mean: values('mean'), std: values('std'), channels: 'RGB', scale: 1 },
    });
    const losses: number[] = [];
    const images = new Map([
      [recipe.content.sha256, photo],
      [recipe.styles[0]!.image.sha256, painting],
    ]);
    const networks = { style: applyRewrites(loaded, recipe.networks.style.rewrites) };
    await run(recipe, { images, networks }, { onProgress: ({ loss }) => losses.push(loss) });
    expect(losses).toHaveLength(10);
    losses.forEach((loss, i) => expect(Math.abs(loss / trace.evaluations[i]![0]! - 1)).toBeLessThan(1e-3));
  });

  it("smooths as neural-style's -tv_weight 1e-3 does", async () => {
    const [width, height] = [512, 384];
    const data = Float32Array.from({ length: 3 * width * height }, (_, i) => 0.5 + 0.4 * Math.sin(i * 0.37));
    const { objective } = await findPreset('neural-style');
    const weights = {
      style: 0,
      content: 0,
      variation: objective!.variation!,
      variationL1: 0,
      styleLayers: {},
      contentLayers: {},
    };
    const shape = { networks: [], variation: { quadratic: true, l1: false } };
    const ours = await PictureObjective.create(shape, new Map(), { width, height }, weights, 'mean');
    const { gradient } = await ours.evaluate(data);
    await ours.release();
    // Its gradient is that of x in 0 to 255; a step there is 1/255 here.
    const at = (y: number, x: number) => 255 * data[y * width + x]!;
    for (const [y, x] of [
      [10, 20],
      [100, 300],
      [382, 510],
    ] as const) {
      const theirs = 1e-3 * (4 * at(y, x) - at(y, x + 1) - at(y, x - 1) - at(y + 1, x) - at(y - 1, x));
      expect(gradient[y * width + x]! / 255).toBeCloseTo(theirs, 4);
    }
  });
});

describe('a preset', () => {
  it('gives way to what a person says', async () => {
    const preset = await findPreset('nakano-2019-vgg-19');
    const { recipe } = await prepareRun(
      await request(preset, {
        iterations: 7,
        contentWeight: 3,
        layers: { conv1_1: 0.5, relu2_2: 2 },
        pooling: 'l2',
        optimizer: { kind: 'adam' },
        init: 'noise',
        seed: 9,
      }),
    );
    expect(recipe.objective).toMatchObject({ style: 4e6, content: 3 });
    expect(Object.entries(recipe.objective.styleLayers).slice(0, 3)).toEqual([
      ['conv1_1', 0.5],
      ['conv2_1', 1],
      ['relu2_2', 2],
    ]);
    expect(recipe).toMatchObject({
      networks: { style: { rewrites: [{ pooling: { kind: 'l2' } }] } },
      schedule: { size: 512, side: 'short', levels: [{ factor: 1, evaluations: 7 }] },
      optimizer: { kind: 'adam' },
      init: { kind: 'noise' },
      seed: 9,
    });
  });

  it('may say whose colours the picture gets, unless a person does', async () => {
    const preset = { ...(await findPreset('gatys-2015')), colour: 'luminance' as const };
    expect(migratePreset(JSON.parse(JSON.stringify(preset)))).toEqual(preset);
    expect((await prepareRun(await request(preset))).recipe.colour).toBe('luminance');
    expect((await prepareRun(await request(preset, { colour: 'match' }))).recipe.colour).toBe('match');
  });

  it('may say what the optimizer moves and how the picture is moved; a step of Adam is one that suits it', async () => {
    const preset = migratePreset({
      version: 1,
      name: 'Clouds',
      description: 'x',
      networkArchitecture: 'vgg19',
      parameterization: { kind: 'fourier', decay: 1.2 },
      transforms: { jitter: 4 },
    });
    const adam = { optimizer: { kind: 'adam' as const } };
    const { recipe } = await prepareRun(await request(preset, adam));
    expect(recipe).toMatchObject({
      parameterization: { kind: 'fourier', decay: 1.2 },
      transforms: { jitter: 4, scale: 0, rotate: 0 },
      optimizer: { kind: 'adam', stepSize: 0.05 },
    });
    const own = { parameterization: { kind: 'pixels' as const }, transforms: { rotate: 2 } };
    expect((await prepareRun(await request(preset, { ...adam, ...own }))).recipe).toMatchObject({
      parameterization: { kind: 'pixels' },
      transforms: { jitter: 4, rotate: 2 },
      optimizer: { stepSize: 0.02 },
    });
    const asked = await request(preset, { optimizer: { kind: 'adam', stepSize: 0.3 } });
    expect((await prepareRun(asked)).recipe.optimizer).toMatchObject({ stepSize: 0.3 });
  });

  it('says which of its layers a network lacks', async () => {
    const preset = await findPreset('nakano-2019-robust-resnet-50');
    await expect(prepareRun(await request(preset, { network: NETWORKS['alexnet']! }))).rejects.toThrow(
      /does not have \(relu2_x, relu3_x, relu4_x, relu5_x\), being made for resnet50; choose/,
    );
  });

  it('leaves another architecture its own normalization, and says so', async () => {
    const preset = await findPreset('neural-style');
    const { recipe, notes } = await prepareRun(await request(preset, { network: thin('vgg16-thin') }));
    expect(recipe.networks.style.normalization).toMatchObject({ scale: 1, channels: 'RGB' });
    expect(notes.join(' ')).toMatch(/made for vgg19, and vgg16-thin.weights is another network/);
  });

  it('may say as little as it likes', async () => {
    const file = join(folder, 'calm.json');
    await writeFile(
      file,
      JSON.stringify({ version: 1, name: 'Calm', description: 'Smooth.', objective: { variation: 2 } }),
    );
    const preset = await findPreset(file);
    const { recipe } = await prepareRun(await request(preset, { network: 'madder-vgg' }));
    expect(recipe).toMatchObject({ objective: { variation: 2, style: 1, content: 0.05 }, optimizer: { kind: 'adam' } });
    expect(recipe.schedule.levels.length).toBeGreaterThan(1);
  });

  it.each([
    ['an unknown name', 'monet', undefined, /no preset "monet"; there are .*, gatys-2015/],
    ['a missing file', 'nowhere.json', undefined, /nowhere\.json could not be read/],
    ['a text', 'text.json', 'soup', /is not JSON/],
    ['a recipe of a newer program', 'new.json', '{"version":2}', /newer Madder/],
    ['an unknown setting', 'odd.json', '{"version":1,"name":"a","description":"b","brush":1}', /"brush" is unknown/],
    [
      'a picture as start',
      'init.json',
      '{"version":1,"name":"a","description":"b","init":{"kind":"image"}}',
      /the kind of the start must be/,
    ],
  ])('is refused in one sentence: %s', async (_name, name, text, words) => {
    const path = name.endsWith('.json') ? join(folder, name) : name;
    if (text !== undefined) await writeFile(path, text);
    await expect(findPreset(path)).rejects.toThrow(words);
  });
});
