import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  assembleObjective,
  assembleStatistics,
  balanceInput,
  COEFFICIENTS,
  contentInput,
  GRADIENT,
  gramInput,
  IMAGE,
  RAW,
  regionInput,
  termsOf,
  type ObjectiveShape,
} from '../../../../src/main/engine/objective/assemble.ts';
import { loadNetwork } from '../../../../src/main/engine/networks/load.ts';
import type { Layer, Network } from '../../../../src/main/engine/networks/network.ts';
import { applyRewrites } from '../../../../src/main/engine/networks/rewrites/apply.ts';
import { Regions } from '../../../../src/main/engine/objective/regions.ts';
import { makeNode } from '../../../../src/main/engine/networks/template.ts';
import { noisePicture } from '../../../../src/main/engine/runs/random.ts';
import { elementCount, intTensor } from '../../../../src/shared/tensor.ts';
import { evaluate } from '../../../reference/evaluator.ts';
import { portabilityProblems } from '../../../reference/provider-operators.ts';

const golden = (name: string) => fileURLToPath(new URL(`../../../golden/data/${name}`, import.meta.url));
const SIZE = { height: 13, width: 18 };

/**
 * The objective of two thin networks with every kind of term, in float64, at random pictures and targets.
 * @param count of regions; none when missing
 */
async function problem(blockedLayout: boolean, count?: number) {
  const vgg = await loadNetwork(golden('vgg16-thin.weights.safetensors'));
  const resnet = await loadNetwork(golden('resnet18-thin.weights.safetensors'));
  const padded = applyRewrites(vgg, [{ firstPadding: 'reflect' }, { pooling: { kind: 'l2' } }]);
  const remedies = [{ pooling: { kind: 'blur' } }, { shortcuts: 'average' }, { strides: 'blur' }] as const;
  const blurred = applyRewrites(resnet, remedies);
  const shape: ObjectiveShape = {
    networks: [
      { key: 'a', network: padded, style: ['relu1_1', 'relu2_1', 'conv3_1'], content: ['relu2_1'] },
      { key: 'b', network: blurred, style: ['relu1', 'relu3_x'], content: ['relu2_x'] },
    ],
    variation: { quadratic: true, l1: true },
    ...(count === undefined ? {} : { regions: regionsOf(count) }),
  };
  const graph = assembleObjective(shape, { ...SIZE, blockedLayout });
  const feeds = Object.fromEntries(
    [...graph.inputs].map(([name, { dims }], i) => [
      name,
      { dims, data: Float64Array.from(noisePicture(elementCount(dims), 100 + i)) },
    ]),
  );
  // A target is a Gram matrix, hence symmetric; the gradient relies on it.
  for (const [name, { dims, data }] of Object.entries(feeds)) {
    if (!name.startsWith('gram')) continue;
    const n = dims[0]!;
    feeds[name] = { dims, data: data.map((v, i) => v + data[(i % n) * n + Math.floor(i / n)]!) };
  }
  return { shape, graph, feeds };
}

const regionsOf = (count: number): Regions =>
  new Regions(Array.from({ length: count }, () => ({ width: 1, height: 1, data: new Float32Array(1) })));

/** The network with its first layer as a list of positions. */
function flattened(network: Network): Network {
  const [first, ...others] = network.layers as [Layer, ...Layer[]];
  const tensor = `${first.tensor}.flat`;
  const initializers = new Map(network.graph.initializers).set('flat', intTensor([0, 0, -1]));
  const nodes = [...network.graph.nodes, makeNode('Reshape', [first.tensor, 'flat'], tensor)];
  return { ...network, graph: { ...network.graph, initializers, nodes }, layers: [{ ...first, tensor }, ...others] };
}

describe('the assembled objective', () => {
  it.each([
    [true, undefined],
    [false, undefined],
    [true, 1],
    [false, 3],
  ])('has the gradient of its weighted terms (blocked layout %s, regions %s)', async (blockedLayout, regions) => {
    const { graph, feeds } = await problem(blockedLayout, regions);
    const loss = (data: Float64Array) => {
      const image = { dims: feeds[IMAGE]!.dims, data };
      const raw = evaluate(graph, { ...feeds, [IMAGE]: image }, [RAW])[RAW];
      return raw!.data.reduce((sum, value, i) => sum + value * feeds[COEFFICIENTS]!.data[i]!, 0);
    };
    const gradient = evaluate(graph, feeds, [GRADIENT])[GRADIENT]!.data;
    const x = feeds[IMAGE]!.data;
    for (const seed of [1, 2, 3]) {
      const direction = Float64Array.from(noisePicture(x.length, seed), (v) => v - 0.5);
      const step = 1e-5;
      const moved = (sign: number) => loss(x.map((v, i) => v + sign * step * direction[i]!));
      const measured = (moved(1) - moved(-1)) / (2 * step);
      const predicted = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0);
      expect(Math.abs(predicted - measured)).toBeLessThanOrEqual(1e-6 * Math.abs(measured));
    }
  });

  it('reports the squared distances to the targets', async () => {
    const { shape, graph, feeds } = await problem(true);
    const raw = evaluate(graph, feeds, [RAW])[RAW]!.data;
    const statistics = assembleStatistics(shape.networks, { ...SIZE, blockedLayout: true });
    termsOf(shape).forEach((term, i) => {
      if (term.kind !== 'style' && term.kind !== 'content') return;
      const name = term.kind === 'style' ? gramInput(term) : contentInput(term);
      const own = evaluate(statistics, { [IMAGE]: feeds[IMAGE]! }, [name])[name]!.data;
      const target = feeds[name]!.data;
      const distance = own.reduce((sum, v, k) => sum + (v - target[k]!) ** 2, 0);
      expect(raw[i]! / distance).toBeCloseTo(1, 9);
    });
  });

  it("reports the regions' distances by what each weighs", async () => {
    const { shape, graph, feeds } = await problem(true, 3);
    const raw = evaluate(graph, feeds, [RAW])[RAW]!.data;
    const statistics = assembleStatistics(shape.networks, { ...SIZE, blockedLayout: true }, shape.regions);
    expect(termsOf(shape).filter(({ kind }) => kind === 'style')).toHaveLength(5);
    termsOf(shape).forEach((term, i) => {
      if (term.kind !== 'style') return;
      let expected = 0;
      for (const r of [0, 1, 2]) {
        const [name, weights] = [gramInput(term, r), regionInput(term, r)];
        const own = evaluate(statistics, { [IMAGE]: feeds[IMAGE]!, [weights]: feeds[weights]! }, [name])[name]!.data;
        const distance = own.reduce((sum, v, k) => sum + (v - feeds[name]!.data[k]!) ** 2, 0);
        expected += feeds[balanceInput(term)]!.data[r]! * distance;
      }
      expect(raw[i]! / expected).toBeCloseTo(1, 9);
    });
  });

  it.each([undefined, 3])('consists of what all providers have (regions %s)', async (regions) => {
    const { graph } = await problem(true, regions);
    expect(graph.nodes.flatMap((node) => portabilityProblems(graph, node))).toEqual([]);
  });

  it('names the layer that regions cannot reach', async () => {
    const vgg = await loadNetwork(golden('vgg16-thin.weights.safetensors'));
    const network = flattened(vgg);
    const layer = network.layers[0]!.name;
    const shape: ObjectiveShape = {
      networks: [{ key: 'a', network, style: [layer], content: [] }],
      variation: { quadratic: false, l1: false },
      regions: regionsOf(1),
    };
    const options = { ...SIZE, blockedLayout: false };
    expect(() => assembleObjective(shape, options)).toThrow(/layer conv1_1 of .* has no rows and columns, so masks/);
    expect(() => assembleObjective({ ...shape, regions: undefined }, options)).not.toThrow();
  });

  it('has no variation of an even picture, and the mean square of a ramp', async () => {
    const vgg = await loadNetwork(golden('vgg16-thin.weights.safetensors'));
    const shape: ObjectiveShape = {
      networks: [{ key: 'a', network: vgg, style: ['relu1_1'], content: [] }],
      variation: { quadratic: true, l1: true },
    };
    const graph = assembleObjective(shape, { ...SIZE, blockedLayout: false });
    const count = 3 * SIZE.height * SIZE.width;
    const rawAt = (value: (column: number) => number) => {
      const feeds = Object.fromEntries(
        [...graph.inputs].map(([name, { dims }]) => [
          name,
          { dims, data: new Float64Array(elementCount(dims)).fill(1) },
        ]),
      );
      feeds[IMAGE]!.data.forEach((_, i, data) => (data[i] = value(i % SIZE.width)));
      return evaluate(graph, feeds, [RAW])[RAW]!.data;
    };
    const even = rawAt(() => 0.5);
    expect(even[1]).toBe(0);
    expect(even[2]).toBe(0);
    const differences = count * ((SIZE.width - 1) / SIZE.width);
    const ramp = rawAt((column) => column * 0.05);
    expect(ramp[1]).toBeCloseTo((0.05 ** 2 * differences) / count, 9);
    const soft = 1 / 1024; // the rounding of |d| near zero
    expect(ramp[2]).toBeCloseTo(((Math.hypot(0.05, soft) - soft) * differences) / count, 9);
  });

  it('computes nothing behind the deepest layer in use', async () => {
    const vgg = await loadNetwork(golden('vgg16-thin.weights.safetensors'));
    const nodes = (layer: string) =>
      assembleObjective(
        {
          networks: [{ key: 'a', network: vgg, style: [layer], content: [] }],
          variation: { quadratic: false, l1: false },
        },
        { height: 64, width: 64, blockedLayout: true },
      ).toModel().graph.nodes.length;
    expect(nodes('relu1_1')).toBeLessThan(nodes('relu2_1'));
    expect(nodes('relu2_1')).toBeLessThan(nodes('relu4_3'));
  });

  it('names the layer that a network does not have', async () => {
    const vgg = await loadNetwork(golden('vgg16-thin.weights.safetensors'));
    const shape = {
      networks: [{ key: 'a', network: vgg, style: ['relu9_1'], content: [] }],
      variation: { quadratic: false, l1: false },
    };
    expect(() => assembleObjective(shape, { ...SIZE, blockedLayout: true })).toThrow(/"relu9_1"/);
  });
});
