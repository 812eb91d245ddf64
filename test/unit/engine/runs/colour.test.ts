import { beforeAll, describe, expect, it } from 'vitest';
import { luminance, matchColours, toGrey } from '../../../../src/main/codec/colour.ts';
import { resizePicture, type Picture } from '../../../../src/main/codec/picture.ts';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import { applyRewrites } from '../../../../src/main/engine/networks/rewrites/apply.ts';
import { PictureObjective, measureStatistics } from '../../../../src/main/engine/objective/objective.ts';
import { seeGrey } from '../../../../src/main/engine/runs/colour.ts';
import { noisePicture } from '../../../../src/main/engine/runs/random.ts';
import { run, type RunOptions, type RunState } from '../../../../src/main/engine/runs/run.ts';
import type { Colour, Recipe } from '../../../../src/shared/recipe.ts';
import { goldenFile, hash, imageOf, noisy, runRecipe } from '../../../support/run-recipe.ts';

let vgg: Network;
let resnet: Network;
beforeAll(async () => {
  vgg = await loadNetwork(goldenFile('vgg16-thin.weights.safetensors'));
  resnet = await loadNetwork(goldenFile('resnet18-thin.weights.safetensors'));
});

/** Smooth, warm at the left and cold at the right, with room around every colour. */
const photo: Picture = {
  width: 48,
  height: 36,
  data: Float32Array.from({ length: 3 * 48 * 36 }, (_, i) => {
    const [x, channel] = [(i % 48) / 48, Math.floor(i / (48 * 36))];
    return 0.5 + 0.12 * Math.sin(i / 9) + (channel - 1) * 0.1 * (x - 0.5);
  }),
};
const painting = noisy(50, 60, 7);
const second = noisy(40, 40, 8);
const images = new Map([
  [hash('a'), photo],
  [hash('b'), painting],
  [hash('c'), second],
]);

const recipe = (colour: Colour, changes: Parameters<typeof runRecipe>[2] = {}): Recipe =>
  runRecipe(photo, painting, {
    colour,
    objective: {
      ...{ style: 1, content: 0.1, variation: 0.01 },
      styleLayers: { relu1_1: 1, relu2_1: 1 },
      contentLayers: { relu3_3: 1 },
    },
    schedule: {
      size: 48,
      levels: [
        { factor: 0.5, evaluations: 5 },
        { factor: 1, evaluations: 8 },
      ],
    },
    ...changes,
  });

const paint = (r: Recipe, options: RunOptions = {}) =>
  run(r, { images, networks: { style: vgg } }, { threads: 1, ...options });
const bytes = ({ data }: Picture) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/** Differences to grey. */
function chroma(p: Picture): Float32Array {
  const grey = luminance(p);
  return p.data.map((v, i) => v - grey[i % grey.length]!);
}

const largest = (values: Iterable<number>): number => Math.max(...[...values].map(Math.abs));

const optimizers = [
  ['lbfgs', {}],
  ['published lbfgs', { optimizer: { kind: 'lbfgs', lineSearch: 'none', history: 100 } }],
  ['adam', { optimizer: { kind: 'adam' } }],
] as const;

describe('colour: luminance', () => {
  it.each([
    ...optimizers,
    ['noise', { init: { kind: 'noise' }, seed: 5 }],
    ['picture', { init: { kind: 'image', image: imageOf('c', second) } }],
  ] as const)("paints brightness and keeps the photo's chroma (%s)", async (_name, changes) => {
    const vectors: Float32Array[] = [];
    const result = await paint(recipe('luminance', changes), {
      onIteration: async ({ state }) =>
        void vectors.push((await state()).optimizer.vectors['x']!.slice() as Float32Array),
    });
    const [got, wanted] = [chroma(result.picture), chroma(photo)];
    // Where brightness left room, chroma is the photo's; elsewhere it is paler.
    const grey = luminance(result.picture);
    const free = got.map((v, i) => {
      const shade = grey[i % grey.length]!;
      return shade > 0.15 && shade < 0.85 ? v - wanted[i]! : 0;
    });
    expect(largest(free)).toBeLessThan(1e-5);
    expect(largest(grey.map((v, i) => v - luminance(photo)[i]!))).toBeGreaterThan(0.02);
    // What is optimized is grey in every bit, at every level.
    expect(new Set(vectors.map((x) => x.length)).size).toBe(2);
    for (const x of vectors) {
      const planes = [0, 1, 2].map((c) => Buffer.from(x.slice((c * x.length) / 3, ((c + 1) * x.length) / 3).buffer));
      expect(planes[0]!.equals(planes[1]!) && planes[0]!.equals(planes[2]!)).toBe(true);
    }
  });

  it('shows the same picture during the run as at its end', async () => {
    const seen: Picture[] = [];
    const result = await paint(recipe('luminance'), {
      onIteration: async ({ picture }) => void seen.push(await picture()),
    });
    expect(seen[0]!.width).toBe(24);
    const small = await resizePicture(photo, 24, 18);
    expect(largest(chroma(seen[0]!).map((v, i) => v - chroma(small)[i]!))).toBeLessThan(0.15);
    expect(bytes(seen.at(-1)!).equals(bytes(result.picture))).toBe(true);
  });

  it('is grey for a grey photo', async () => {
    const grey = new Map(images).set(hash('a'), toGrey(photo));
    const { picture } = await run(recipe('luminance'), { images: grey, networks: { style: vgg } }, { threads: 1 });
    expect(largest(chroma(picture))).toBeLessThan(1e-6);
  });

  it('does not care about the colours of paintings', async () => {
    const grey = new Map(images).set(hash('b'), toGrey(painting));
    const once = await paint(recipe('luminance'));
    const again = await run(recipe('luminance'), { images: grey, networks: { style: vgg } }, { threads: 1 });
    expect(largest(once.picture.data.map((v, i) => v - again.picture.data[i]!))).toBeLessThan(1e-3);
  });
});

describe('colour: match', () => {
  it("paints as with paintings that have the photo's palette", async () => {
    const matched = await paint(recipe('match'));
    const before = new Map(images).set(hash('b'), matchColours(painting, photo));
    const same = await run(recipe('style'), { images: before, networks: { style: vgg } }, { threads: 1 });
    expect(bytes(matched.picture).equals(bytes(same.picture))).toBe(true);
  });

  it('starts from a picture in its own colours, also if that is the painting', async () => {
    const init = { kind: 'image', image: imageOf('b', painting) };
    const start: Float32Array[] = [];
    await paint(recipe('match', { init, schedule: { size: 48, levels: [{ factor: 1, evaluations: 3 }] } }), {
      onIteration: async ({ state }) => void start.push((await state()).optimizer.vectors['x']! as Float32Array),
    });
    expect(start[0]).toHaveLength(3 * 48 * 36);
    const unmatched = await resizePicture(painting, 48, 36);
    const distance = largest(chroma({ ...unmatched, data: start[0]! }));
    expect(distance).toBeGreaterThan(0.5 * largest(chroma(unmatched)));
  });
});

describe.each(['luminance', 'match'] as const)('colour: %s', (colour) => {
  it.each([...optimizers, ['noise', { init: { kind: 'noise' }, seed: 5 }]] as const)(
    'repeats its picture and goes on from any state, byte for byte (%s)',
    async (_name, changes) => {
      const states: RunState[] = [];
      const straight = await paint(recipe(colour, changes), {
        onIteration: async ({ state }) => void states.push(structuredClone(await state())),
      });
      const again = await paint(recipe(colour, changes));
      expect(bytes(again.picture).equals(bytes(straight.picture))).toBe(true);
      for (const from of [states[0]!, states.at(-1)!]) {
        const resumed = await paint(recipe(colour, changes), { from });
        expect(bytes(resumed.picture).equals(bytes(straight.picture))).toBe(true);
      }
    },
  );

  it('works with several styles and two networks', async () => {
    const styles = [
      { image: imageOf('b', painting), weight: 2 },
      { image: imageOf('c', second), scale: 0.5 },
    ];
    const networks = { style: { id: 'v', sha256: hash('1') }, content: { id: 'r', sha256: hash('2') } };
    const objective = { style: 1, content: 0.1, styleLayers: { relu1_1: 1 }, contentLayers: { relu3_x: 1 } };
    const mixed = recipe(colour, { styles, networks, objective });
    const result = await run(mixed, { images, networks: { style: vgg, content: resnet } }, { threads: 1 });
    expect(result.completed).toBe(true);
    for (const v of result.picture.data) expect(v >= 0 && v <= 1).toBe(true);
  });
});

describe('seeGrey', () => {
  const size = { width: 20, height: 16 };
  const length = 3 * size.width * size.height;
  const use = (network: Network) => [{ key: 'v', network, style: ['relu1_1'], content: ['relu2_1'] }];

  const objectiveOf = async (network: Network) => {
    const targets = await measureStatistics(use(vgg), noisePicture(length, 1), size);
    const weights = { style: 1, content: 1, variation: 0.1, variationL1: 0, styleLayers: {}, contentLayers: {} };
    const shape = { networks: use(network), variation: { quadratic: true, l1: false } };
    return PictureObjective.create(shape, targets, size, weights, 'relative');
  };

  it('shows grey pictures as they are, and projects the gradient on the grey ones', async () => {
    const grey = toGrey({ ...size, data: noisePicture(length, 2) }).data;
    const [colour, seen] = [await objectiveOf(vgg), await objectiveOf(seeGrey(vgg))];
    const free = await colour.evaluate(grey);
    const tied = await seen.evaluate(grey);
    expect(tied.loss).toBeCloseTo(free.loss, 5);
    const count = length / 3;
    const scale = largest(free.gradient);
    for (let i = 0; i < count; i++) {
      const mean = (free.gradient[i]! + free.gradient[count + i]! + free.gradient[2 * count + i]!) / 3;
      expect(Math.abs(tied.gradient[i]! - mean)).toBeLessThan(1e-5 * scale);
      expect(tied.gradient[count + i]).toBe(tied.gradient[i]);
      expect(tied.gradient[2 * count + i]).toBe(tied.gradient[i]);
    }
    await colour.release();
    await seen.release();
  });

  it('goes before a network that was rewritten', async () => {
    const grey = toGrey({ ...size, data: noisePicture(length, 2) }).data;
    const rewritten = applyRewrites(vgg, [{ pooling: { kind: 'average' } }, { firstPadding: 'reflect' }]);
    const [before, after] = [
      await measureStatistics(use(rewritten), grey, size),
      await measureStatistics(use(seeGrey(rewritten)), grey, size),
    ];
    for (const [name, values] of before) {
      const difference = values.map((v, i) => v - after.get(name)![i]!);
      expect(largest(difference)).toBeLessThan(1e-5 * largest(values));
    }
  });
});
