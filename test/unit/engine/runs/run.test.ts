import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Network } from '../../../../src/main/engine/networks/network.ts';
import { applyRewrites } from '../../../../src/main/engine/networks/rewrites/apply.ts';
import { RunControl } from '../../../../src/main/engine/runs/control.ts';
import { run, type RunProgress, type RunState } from '../../../../src/main/engine/runs/run.ts';
import { coarseToFine } from '../../../../src/main/engine/runs/schedule.ts';
import type { Picture } from '../../../../src/main/codec/picture.ts';
import type { Recipe } from '../../../../src/shared/recipe.ts';
import { goldenFile, hash, imageOf, noisy, runRecipe, waves } from '../../../support/run-recipe.ts';

let vgg: Network;
let resnet: Network;
beforeAll(async () => {
  vgg = await loadNetwork(goldenFile('vgg16-thin.weights.safetensors'));
  resnet = await loadNetwork(goldenFile('resnet18-thin.weights.safetensors'));
});

const photo = waves(64, 48);
const painting = noisy(50, 60, 7);
const second = noisy(40, 40, 8);
const images = new Map([
  [hash('a'), photo],
  [hash('b'), painting],
  [hash('c'), second],
]);

const recipe = (changes: Parameters<typeof runRecipe>[2] = {}): Recipe => runRecipe(photo, painting, changes);

describe('run', () => {
  it('brings the picture closer to the style, level by level, within [0,1]', async () => {
    const seen: RunProgress[] = [];
    const result = await run(recipe(), { images, networks: { style: vgg } }, { onProgress: (p) => seen.push(p) });
    expect(result).toMatchObject({ completed: true, evaluations: seen.length });
    expect(result.picture).toMatchObject({ width: 48, height: 36 });
    expect(seen[0]).toMatchObject({ level: 0, levels: 2, width: 24, height: 18, evaluation: 1 });
    expect(seen.at(-1)).toMatchObject({ level: 1, width: 48, height: 36 });
    expect(seen.filter((p) => p.level === 0)).toHaveLength(8);
    expect(seen.filter((p) => p.level === 1)).toHaveLength(12);
    expect(result.loss).toBeLessThan(0.5 * seen.find((p) => p.level === 1)!.loss);
    expect(result.loss).toBeCloseTo(Math.min(...seen.filter((p) => p.level === 1).map((p) => p.loss)), 9);
    for (const value of result.picture.data) expect(value >= 0 && value <= 1).toBe(true);
  });

  it.each([
    ['lbfgs', {}],
    ['published lbfgs', { optimizer: { kind: 'lbfgs', lineSearch: 'none', history: 100 } }],
    ['adam', { optimizer: { kind: 'adam' } }],
    ['noise', { init: { kind: 'noise' }, seed: 5 }],
  ])('repeats its picture exactly (%s)', async (_name, changes) => {
    const once = await run(recipe(changes), { images, networks: { style: vgg } }, { threads: 1 });
    const again = await run(recipe(changes), { images, networks: { style: vgg } }, { threads: 1 });
    expect(Buffer.from(again.picture.data.buffer).equals(Buffer.from(once.picture.data.buffer))).toBe(true);
  });

  it('starts from other noise with another seed', async () => {
    const noise = (seed: number) =>
      run(recipe({ init: { kind: 'noise' }, seed }), { images, networks: { style: vgg } });
    const [one, two] = [await noise(1), await noise(2)];
    expect(one.picture.data).not.toEqual(two.picture.data);
  });

  it('stops before the next evaluation and hands over the best picture so far', async () => {
    const control = new RunControl();
    const result = await run(
      recipe(),
      { images, networks: { style: vgg } },
      {
        control,
        onProgress: ({ level, evaluation }) => void (level === 1 && evaluation === 5 && control.stop()),
      },
    );
    expect(result).toMatchObject({ completed: false, evaluations: 13 });
    expect(result.picture).toMatchObject({ width: 48, height: 36 });
  });

  it('mixes styles by their weights', async () => {
    const styled = (b: number, c: number) => {
      const styles = [
        { image: imageOf('b', painting), weight: b },
        { image: imageOf('c', second), weight: c },
      ];
      return run(recipe({ styles }), { images, networks: { style: vgg } }, { threads: 1 });
    };
    const alone = await run(recipe(), { images, networks: { style: vgg } }, { threads: 1 });
    expect((await styled(2, 0)).picture.data).toEqual(alone.picture.data);
    expect((await styled(1, 1)).picture.data).not.toEqual(alone.picture.data);
    await expect(styled(0, 0)).rejects.toThrow(/weights of the styles are all zero/);
  });

  it('takes style and content from different networks', async () => {
    const networks = { style: { id: 'v', sha256: hash('1') }, content: { id: 'r', sha256: hash('2') } };
    const objective = {
      style: 1,
      content: 0.1,
      styleLayers: { relu1_1: 1, relu2_1: 1 },
      contentLayers: { relu3_x: 1 },
    };
    const result = await run(recipe({ networks, objective }), { images, networks: { style: vgg, content: resnet } });
    expect(result.terms.map((t) => [t.kind, t.network, t.layer])).toEqual([
      ['style', 'style', 'relu1_1'],
      ['style', 'style', 'relu2_1'],
      ['content', 'content', 'relu3_x'],
    ]);
  });

  it('calls a run that only moved away from its start a failure', async () => {
    const objective = { ...recipe().objective, style: 1e-4, content: 100 };
    const optimizer = { kind: 'adam', stepSize: 1 };
    const schedule = { size: 48, levels: [{ factor: 1, evaluations: 12 }] };
    const diverging = recipe({ objective, optimizer, schedule });
    await expect(run(diverging, { images, networks: { style: vgg } })).rejects.toThrow(/did not get closer/);
  });

  it('calls a flat result a failure', async () => {
    const objective = { ...recipe().objective, style: 1e-9, content: 0, variation: 1e6 };
    const schedule = { size: 48, levels: [{ factor: 1, evaluations: 60 }] };
    await expect(run(recipe({ objective, schedule }), { images, networks: { style: vgg } })).rejects.toThrow(/flat/);
  });

  it('calls a black style an error that names the layer', async () => {
    const black = new Map(images).set(hash('b'), { ...painting, data: new Float32Array(painting.data.length) });
    const zero: Network = {
      ...vgg,
      graph: {
        ...vgg.graph,
        initializers: new Map(
          [...vgg.graph.initializers].map(([name, t]) => [
            name,
            { ...t, data: new Float32Array(t.data.length) } as typeof t,
          ]),
        ),
      },
    };
    await expect(run(recipe(), { images: black, networks: { style: zero } })).rejects.toThrow(/layer relu1_1.*zero/);
  });

  it('refuses a picture that is too small for a layer, naming what to do', async () => {
    const schedule = { size: 3, levels: [{ factor: 1, evaluations: 5 }] };
    const objective = { ...recipe().objective, styleLayers: { relu4_3: 1 }, contentLayers: {} };
    await expect(run(recipe({ schedule, objective }), { images, networks: { style: vgg } })).rejects.toThrow(
      /too small .* larger size/,
    );
  });
});

describe('a run with a parameterization or transforms', () => {
  const fourier = { parameterization: { kind: 'fourier' } };
  const transforms = { transforms: { jitter: 3, scale: 0.1, rotate: 5 } };
  const adam = { optimizer: { kind: 'adam', stepSize: 0.05, averaging: 0.9 } };
  const cases = [
    ['fourier, lbfgs', fourier],
    ['fourier, published lbfgs', { ...fourier, optimizer: { kind: 'lbfgs', lineSearch: 'none', history: 100 } }],
    ['fourier, adam', { ...fourier, ...adam }],
    ['fourier, from noise', { ...fourier, ...adam, init: { kind: 'noise' }, seed: 5 }],
    ['transforms, lbfgs', transforms],
    ['transforms, adam', { ...transforms, ...adam }],
    ['transforms, adam without averaging', { ...transforms, optimizer: { kind: 'adam', averaging: 0 } }],
    ['fourier and transforms, lbfgs', { ...fourier, ...transforms }],
    ['fourier and transforms, adam', { ...fourier, ...transforms, ...adam }],
    ['fourier and transforms, luminance', { ...fourier, ...transforms, ...adam, colour: 'luminance' }],
    ['fourier and transforms, match', { ...fourier, ...transforms, ...adam, colour: 'match' }],
  ] as const;
  const assets = () => ({ images, networks: { style: vgg } });
  const bytes = ({ data }: Picture) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const varied = (changes: Partial<Record<keyof Recipe, unknown>>) =>
    recipe({ objective: { ...recipe().objective, variation: 0.02 }, ...changes });

  it.each(cases)('lowers its loss and repeats its picture for a seed (%s)', async (_name, changes) => {
    const seen: RunProgress[] = [];
    const once = await run(varied(changes), assets(), { threads: 1, onProgress: (p) => void seen.push(p) });
    const again = await run(varied(changes), assets(), { threads: 1 });
    expect(bytes(again.picture).equals(bytes(once.picture))).toBe(true);
    // Of a draw, single losses do not compare: the ends of the level do.
    const losses = seen.filter((p) => p.level === 1).map((p) => p.loss);
    expect(losses).toHaveLength(12);
    expect(Math.min(...losses.slice(-4))).toBeLessThan(0.9 * losses[0]!);
    for (const value of once.picture.data) expect(value >= 0 && value <= 1).toBe(true);
    expect(once.terms.map((t) => t.kind)).toContain('variation');
  });

  it.each(cases)('goes on from any of its states to the same picture (%s)', async (_name, changes) => {
    const whole = varied({ ...changes, timeline: [{ evaluation: 7, weights: { style: 2 } }] });
    const states: RunState[] = [];
    const straight = await run(whole, assets(), {
      threads: 1,
      onIteration: async ({ state }) => void states.push(structuredClone(await state())),
    });
    for (const from of [states[0]!, states[Math.floor(states.length / 2)]!, states.at(-1)!]) {
      const resumed = await run(whole, assets(), { threads: 1, from });
      expect(bytes(resumed.picture).equals(bytes(straight.picture))).toBe(true);
      expect(resumed.evaluations).toBe(straight.evaluations);
    }
  });

  it('repeats its picture from the recipe of a steered run', async () => {
    const control = new RunControl();
    const moved = await run(varied({ ...fourier, ...transforms }), assets(), {
      threads: 1,
      control,
      onProgress: ({ total }) => {
        if (total === 3) control.changeWeights({ style: 3 });
        if (total === 12) control.changeWeights({ variationL1: 0.3 });
      },
    });
    expect(moved.recipe.timeline.map((t) => t.evaluation)).toEqual([3, 12]);
    const replayed = await run(moved.recipe, assets(), { threads: 1 });
    expect(bytes(replayed.picture).equals(bytes(moved.picture))).toBe(true);
  });

  it('draws other movements with another seed', async () => {
    const seeded = (seed: number) => run(recipe({ ...transforms, seed }), assets(), { threads: 1 });
    expect((await seeded(1)).picture.data).not.toEqual((await seeded(2)).picture.data);
  });

  it('without movement is what it was', async () => {
    const plain = await run(recipe(), assets(), { threads: 1 });
    const still = await run(recipe({ transforms: { jitter: 0, scale: 0, rotate: 0 } }), assets(), { threads: 1 });
    expect(bytes(still.picture).equals(bytes(plain.picture))).toBe(true);
  });

  it('compares its content with the photo moved alike: at the photo itself nothing is missing', async () => {
    const schedule = { size: 48, levels: [{ factor: 1, evaluations: 1 }] };
    for (const seed of [1, 2, 3]) {
      const { terms } = await run(recipe({ ...transforms, schedule, seed }), assets());
      expect(terms.find((t) => t.kind === 'content')!.value).toBeLessThan(1e-9);
    }
  });

  it('keeps a grey picture grey in every bit until it gets the photo’s colours', async () => {
    const start = { ...photo, data: Float32Array.from(photo.data, (_, i) => photo.data[i % (64 * 48)]!) };
    const grey = new Map(images).set(hash('a'), start);
    const changes = { ...fourier, ...transforms, ...adam, colour: 'luminance' };
    const { picture } = await run(recipe(changes), { images: grey, networks: { style: vgg } }, { threads: 1 });
    const n = picture.width * picture.height;
    for (let i = 0; i < n; i++) {
      expect(Math.abs(picture.data[i]! - picture.data[n + i]!)).toBeLessThan(1e-6);
      expect(Math.abs(picture.data[i]! - picture.data[2 * n + i]!)).toBeLessThan(1e-6);
    }
  });

  it('sees layers through a smoothing', async () => {
    const objective = { ...recipe().objective, styleLayers: { relu1: 1, relu3_x: 1 }, contentLayers: { relu4_x: 1 } };
    const smoothed = applyRewrites(resnet, [{ smoothing: { over: 'all' } }]);
    const seen: RunProgress[] = [];
    await run(
      recipe({ objective }),
      { images, networks: { style: smoothed } },
      { onProgress: (p) => void seen.push(p) },
    );
    const losses = seen.filter((p) => p.level === 1).map((p) => p.loss);
    expect(Math.min(...losses)).toBeLessThan(0.7 * losses[0]!);
  });

  it('stops before its first evaluation with its start', async () => {
    const control = new RunControl();
    control.stop();
    const result = await run(recipe({ ...fourier, ...transforms }), assets(), { control });
    expect(result).toMatchObject({ completed: false, evaluations: 0 });
    expect(result.picture.data.every((v) => v > 0.1 && v < 0.9)).toBe(true);
  });
});

describe('coarseToFine', () => {
  it('ends at the full size and never goes below what networks can see', () => {
    expect(coarseToFine(100, 50)).toEqual([{ factor: 1, evaluations: 50 }]);
    const levels = coarseToFine(512, 50);
    expect(levels.at(-1)).toEqual({ factor: 1, evaluations: 50 });
    expect(512 * levels[0]!.factor).toBeGreaterThanOrEqual(128);
    expect(levels.map((l) => l.factor)).toEqual(levels.map((l) => l.factor).toSorted((a, b) => a - b));
  });
});

describe('a steered run', () => {
  const optimizers = [
    ['lbfgs', {}],
    ['published lbfgs', { optimizer: { kind: 'lbfgs', lineSearch: 'none', history: 100 } }],
    ['adam', { optimizer: { kind: 'adam' } }],
  ] as const;
  const steered = (control: RunControl, at: (total: number) => void, changes = {}) =>
    run(recipe(changes), { images, networks: { style: vgg } }, { threads: 1, control, onProgress: (p) => at(p.total) });

  it.each(optimizers)('repeats its picture from the recipe that it records (%s)', async (_name, changes) => {
    const control = new RunControl();
    const moved = await steered(
      control,
      (total) => {
        if (total === 3) control.changeWeights({ style: 3, styleLayers: { relu1_1: 0 } });
        if (total === 8) control.changeWeights({ content: 0.5 });
        if (total === 13) control.changeWeights({ variation: 0.3 });
      },
      changes,
    );
    expect(moved.recipe.timeline.map((t) => t.evaluation)).toEqual([3, 8, 13]);
    const replayed = await run(moved.recipe, { images, networks: { style: vgg } }, { threads: 1 });
    expect(Buffer.from(replayed.picture.data.buffer).equals(Buffer.from(moved.picture.data.buffer))).toBe(true);
    const unmoved = await run(recipe(changes), { images, networks: { style: vgg } }, { threads: 1 });
    expect(moved.picture.data).not.toEqual(unmoved.picture.data);
  });

  it.each(optimizers)('goes on from any of its states to the same picture (%s)', async (_name, changes) => {
    const whole = recipe({ ...changes, timeline: [{ evaluation: 7, weights: { style: 2 } }] });
    const states: RunState[] = [];
    const copied = (state: RunState): RunState => structuredClone(state);
    const assets = { images, networks: { style: vgg } };
    const straight = await run(whole, assets, {
      threads: 1,
      onIteration: async ({ state }) => void states.push(copied(await state())),
    });
    for (const from of [states[0]!, states[4]!, states[9]!, states.at(-1)!]) {
      const resumed = await run(whole, assets, { threads: 1, from });
      expect(Buffer.from(resumed.picture.data.buffer).equals(Buffer.from(straight.picture.data.buffer))).toBe(true);
      expect(resumed.evaluations).toBe(straight.evaluations);
    }
  });

  it('a weight change is in effect at the next evaluation', async () => {
    const control = new RunControl();
    const seen: RunProgress[] = [];
    await run(
      recipe(),
      { images, networks: { style: vgg } },
      {
        control,
        onProgress: (p) => {
          seen.push(p);
          if (p.total === 5) control.changeWeights({ styleLayers: { relu2_1: 0 } });
        },
      },
    );
    const weighted = (total: number) => seen[total - 1]!.terms.find((t) => t.layer === 'relu2_1')!.weighted;
    expect(weighted(5)).toBeGreaterThan(0);
    expect(weighted(6)).toBe(0);
  });

  it('rests while paused, then goes on to the same picture', async () => {
    const rests: boolean[] = [];
    const control = new RunControl((paused) => {
      rests.push(paused);
      if (paused) setTimeout(() => control.resume(), 50);
    });
    const paused = await steered(control, (total) => void (total === 4 && control.pause()));
    expect(rests).toEqual([true, false]);
    const straight = await run(recipe(), { images, networks: { style: vgg } }, { threads: 1 });
    expect(paused.picture.data).toEqual(straight.picture.data);
  });

  it('ends when it is stopped while paused', async () => {
    const control = new RunControl((paused) => void (paused && control.stop()));
    const result = await steered(control, (total) => void (total === 4 && control.pause()));
    expect(result).toMatchObject({ completed: false, evaluations: 4 });
  });
});
