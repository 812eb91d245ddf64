import * as ort from 'onnxruntime-node';
import { Graph } from '../../../../src/main/engine/graph/graph.ts';
import { inlineTemplate } from '../../../../src/main/engine/graph/inline.ts';
import { toOpset17 } from '../../../../src/main/engine/graph/upgrade.ts';
import { writeOnnx } from '../../../../src/main/formats/onnx-codec.ts';
import type { AttributeValue, OnnxModel } from '../../../../src/main/formats/onnx.ts';
import { elementCount, floatTensor, type ElementType, type Tensor } from '../../../../src/shared/tensor.ts';
import type { Random } from '../../../support/random.ts';

/** A model of one node whose inputs (undefined where omitted) are fed as `x0`, `x1`, ... and whose outputs are `y0`, ... */
export function oneNode(
  op: string,
  attributes: Record<string, AttributeValue>,
  inputs: readonly (Tensor | undefined)[],
  { opset = 17, outputs = 1 }: { opset?: number; outputs?: number } = {},
): OnnxModel {
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  const inputNames = inputs.map((input, i) => (input ? `x${i}` : ''));
  while (inputNames.at(-1) === '') inputNames.pop();
  return {
    opset,
    producer: 'test',
    metadata: {},
    graph: {
      name: op,
      nodes: [{ op, domain: '', name: `the ${op}`, inputs: inputNames, outputs: names, attributes }],
      initializers: new Map(),
      inputs: inputs.flatMap((input, i) => (input ? [{ name: `x${i}`, type: input.type, dims: input.dims }] : [])),
      outputs: names.map((name) => ({ name, type: undefined, dims: undefined })),
    },
  };
}

/** Feeds for `oneNode`. */
export const feedsOf = (inputs: readonly (Tensor | undefined)[]): Map<string, Tensor> =>
  new Map(inputs.flatMap((input, i) => (input ? [[`x${i}`, input]] : [])));

/** Outputs of a model by onnxruntime on the cpu, without its graph optimizations. */
export async function runOnnx(
  model: OnnxModel | Uint8Array,
  feeds: ReadonlyMap<string, Tensor>,
): Promise<Map<string, Tensor>> {
  const bytes = model instanceof Uint8Array ? model : writeOnnx(model).bytes;
  const session = await ort.InferenceSession.create(bytes, {
    graphOptimizationLevel: 'disabled',
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  try {
    const results = await session.run(
      Object.fromEntries(
        [...feeds].map(([name, { type, data, dims }]) => [
          name,
          new ort.Tensor(type as 'float32', data as Float32Array, dims),
        ]),
      ),
    );
    return new Map(
      session.outputNames.map((name) => {
        const { type, data, dims } = results[name]!;
        return [name, { type: type as ElementType, dims, data } as Tensor];
      }),
    );
  } finally {
    await session.release();
  }
}

/** A float tensor of random numbers. */
export const randomFloats = (random: Random, dims: readonly number[], low = -2, high = 2): Tensor<'float32'> =>
  floatTensor(dims, random.numbers(elementCount(dims), low, high));

/** Elements as numbers, bigints included. */
export const elements = (tensor: Tensor): number[] => Array.from(tensor.data as ArrayLike<number>, Number);

/** Largest difference of two tensors' elements, relative to the size of the largest element (at least 1). */
export function deviation(actual: Tensor, expected: Tensor): number {
  const [a, b] = [elements(actual), elements(expected)];
  const scale = b.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
  return a.reduce((m, v, i) => (Object.is(v, b[i]!) || v === b[i] ? m : Math.max(m, Math.abs(v - b[i]!) / scale)), 0);
}

/** A model as the engine sees it: upgraded and inlined for inputs of the given shapes, with the same outputs. */
export function inlinedModel(model: OnnxModel, feeds: ReadonlyMap<string, Tensor>): OnnxModel {
  const { graph: template } = toOpset17(model);
  const graph = new Graph();
  const bindings = new Map([...feeds].map(([name, { type, dims }]) => [name, graph.input(name, type, dims)]));
  const wanted = template.outputs.map((output) => output.name);
  const names = inlineTemplate(graph, template, bindings, wanted, 'n/');
  for (const name of wanted) graph.output(names.get(name)!);
  return graph.toModel();
}

/**
 * Runs a model as it is and as the engine inlines it (`computed` names the inputs that are fed, the others become
 * initializers), and returns the largest deviation between their outputs together with the inlined model.
 */
export async function compareInlined(
  model: OnnxModel,
  inputs: ReadonlyMap<string, Tensor>,
  computed: readonly string[] = ['x0'],
): Promise<{ error: number; inlined: OnnxModel }> {
  const expected = [...(await runOnnx(model, inputs)).values()];
  const feeds = new Map([...inputs].filter(([name]) => computed.includes(name)));
  const constants = [...inputs].filter(([name]) => !computed.includes(name));
  const { graph } = model;
  const fixed: OnnxModel = {
    ...model,
    graph: {
      ...graph,
      initializers: new Map([...graph.initializers, ...constants]),
      inputs: graph.inputs.filter((input) => feeds.has(input.name)),
    },
  };
  const inlined = inlinedModel(fixed, feeds);
  const used = new Map([...feeds].filter(([name]) => inlined.graph.inputs.some((input) => input.name === name)));
  const results = await runOnnx(inlined, used);
  const actual = inlined.graph.outputs.map((output) => results.get(output.name)!);
  const shapes = (tensors: readonly Tensor[]): string => tensors.map((t) => `[${t.dims.join()}]`).join(' ');
  if (shapes(actual) !== shapes(expected)) throw new Error(`shapes ${shapes(actual)} instead of ${shapes(expected)}`);
  return { error: Math.max(...actual.map((tensor, i) => deviation(tensor, expected[i]!))), inlined };
}
