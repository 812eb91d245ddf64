/**
 * The one assembler of loss-and-gradient graphs.
 *
 * A style term needs from a layer only F·Fᵀ summed over its positions (`appendGram`), and gives back the cotangent M·F with
 * the small matrix M = (4 w / (H·W)) · (G − A) (`appendStyleTerm`). M is a named value: everything that
 * depends on the whole picture passes through it. Here the picture is one tile and M is computed inside the graph.
 */
import { MadderError } from '../../../shared/errors.ts';
import { enterBlockedLayout } from '../autodiff/emit.ts';
import { appendBackward } from '../autodiff/reverse.ts';
import { Graph } from '../graph/graph.ts';
import { inlineTemplate } from '../graph/inline.ts';
import { findLayer, type Network } from '../networks/network.ts';
import { appendVariation } from './variation.ts';

/** One term of the objective, in the order of the `raw` output and the `coefficients` input. */
export interface Term {
  readonly kind: 'style' | 'content' | 'variation' | 'variation-l1';
  /** Key of the network, '' for variation terms. */
  readonly network: string;
  /** Layer name, '' for variation terms. */
  readonly layer: string;
}

/** A network in the objective and the layers at which it is asked. */
export interface NetworkUse {
  readonly key: string;
  readonly network: Network;
  readonly style: readonly string[];
  readonly content: readonly string[];
}

export interface ObjectiveShape {
  readonly networks: readonly NetworkUse[];
  /** Include the quadratic and the L1 variation terms. */
  readonly variation: { readonly quadratic: boolean; readonly l1: boolean };
}

export interface AssembleOptions {
  readonly height: number;
  readonly width: number;
  /** Keep the CPU provider in its blocked layout. */
  readonly blockedLayout: boolean;
}

export const IMAGE = 'image';
export const COEFFICIENTS = 'coefficients';
export const RAW = 'raw';
export const GRADIENT = 'gradient';
export const gramInput = (term: Pick<Term, 'network' | 'layer'>): string => `gram/${term.network}/${term.layer}`;
export const contentInput = (term: Pick<Term, 'network' | 'layer'>): string => `content/${term.network}/${term.layer}`;

/** The terms that a shape has, in order: style and content per network, then variation. */
export function termsOf({ networks, variation }: ObjectiveShape): Term[] {
  return [
    ...networks.flatMap(({ key, style, content }): Term[] => [
      ...style.map((layer): Term => ({ kind: 'style', network: key, layer })),
      ...content.map((layer): Term => ({ kind: 'content', network: key, layer })),
    ]),
    ...(variation.quadratic ? [{ kind: 'variation', network: '', layer: '' } as const] : []),
    ...(variation.l1 ? [{ kind: 'variation-l1', network: '', layer: '' } as const] : []),
  ];
}

/**
 * Loss terms and their gradient for a whole picture.
 *
 * Inputs: `image` [1,3,H,W] in [0,1]; `coefficients` [T], the factor of each raw term in the loss; per style term its
 * target Gram [C,C] (`gramInput`), per content term its target features [1,C,h,w] (`contentInput`).
 * Outputs: `raw` [T], the unweighted sums ‖G − A‖², ‖F − P‖², variation; `gradient` [1,3,H,W], that of Σ coefficient · raw.
 */
export function assembleObjective(shape: ObjectiveShape, options: AssembleOptions): Graph {
  const { graph, features } = withFeatures(shape.networks, options);
  const terms = termsOf(shape);
  const coefficients = graph.input(COEFFICIENTS, 'float32', [terms.length]);
  const weights =
    terms.length === 1
      ? [coefficients]
      : graph.ops(
          'Split',
          [coefficients],
          { axis: 0 },
          terms.map((_, i) => `coefficient.${i}`),
        );
  const seeds = new Map<string, string>();
  const seed = (value: string, cotangent: string) => {
    const before = seeds.get(value);
    seeds.set(value, before === undefined ? cotangent : graph.op('Add', [before, cotangent]));
  };

  const raw = terms.map((term, i): string => {
    const weight = weights[i]!;
    if (term.kind === 'style') {
      const value = features(term);
      const style = appendStyleTerm(graph, value, gramInput(term), weight);
      seed(value, options.blockedLayout ? enterBlockedLayout(graph, style.cotangent) : style.cotangent);
      return style.raw;
    }
    if (term.kind === 'content') {
      const value = features(term);
      const content = appendContentTerm(graph, value, contentInput(term), weight);
      seed(value, content.cotangent);
      return content.raw;
    }
    const variation = appendVariation(graph, IMAGE, weight, term.kind === 'variation' ? 'quadratic' : 'l1');
    for (const [value, cotangent] of variation.seeds) seed(value, cotangent);
    return variation.raw;
  });

  const identityGradient = new Set(
    shape.networks.flatMap(({ key, network }) => [...network.identityGradient].map((t) => `${key}/${t}`)),
  );
  const gradient = appendBackward(graph, seeds, IMAGE, { identityGradient, blockedLayout: options.blockedLayout });
  graph.ops('Concat', raw, { axis: 0 }, [RAW]);
  graph.ops('Identity', [gradient], {}, [GRADIENT]);
  graph.output(RAW);
  graph.output(GRADIENT);
  return graph;
}

/**
 * Statistics of a picture: per style layer its Gram matrix [C,C], per content layer the features [1,C,h,w]. The outputs carry the names of the objective's inputs.
 */
export function assembleStatistics(networks: readonly NetworkUse[], options: AssembleOptions): Graph {
  const { graph, features } = withFeatures(networks, options);
  for (const { key, style, content } of networks) {
    for (const layer of style) {
      const term = { network: key, layer };
      const gram = appendGram(graph, flatten(graph, features(term)));
      graph.output(graph.ops('Identity', [gram], {}, [gramInput(term)])[0]!);
    }
    for (const layer of content) {
      const term = { network: key, layer };
      graph.output(graph.ops('Identity', [features(term)], {}, [contentInput(term)])[0]!);
    }
  }
  return graph;
}

/** The networks' forward passes on one picture, and where their layers are in the graph. */
function withFeatures(networks: readonly NetworkUse[], { height, width }: AssembleOptions) {
  const graph = new Graph();
  const image = graph.input(IMAGE, 'float32', [1, 3, height, width]);
  const values = new Map<string, string>();
  for (const { key, network, style, content } of networks) {
    const layers = [...new Set([...style, ...content])].map((name) => findLayer(network, name));
    const bindings = new Map([[network.input, image]]);
    let inlined: ReadonlyMap<string, string>;
    try {
      inlined = inlineTemplate(
        graph,
        network.graph,
        bindings,
        layers.map((l) => l.tensor),
        `${key}/`,
      );
    } catch (error) {
      if (!(error instanceof MadderError)) throw error;
      const where = `network ${network.name}, picture ${width} x ${height}`;
      throw new MadderError('network', `${error.message} Choose finer layers or a larger size (${where}).`, {
        cause: error,
      });
    }
    for (const layer of layers) values.set(`${key}/${layer.name}`, inlined.get(layer.tensor)!);
  }
  return { graph, features: (term: Pick<Term, 'network' | 'layer'>) => values.get(`${term.network}/${term.layer}`)! };
}

/** Features [1,C,h,w] as a matrix [C, h·w]. */
function flatten(graph: Graph, value: string): string {
  const [, channels, ...positions] = graph.dims(value);
  return graph.op('Reshape', [value, graph.ints([channels!, positions.reduce((a, b) => a * b, 1)])]);
}

/** G = F·Fᵀ / (H·W) from F as a matrix [C, H·W]. */
function appendGram(graph: Graph, matrix: string): string {
  const [, positions] = graph.dims(matrix) as [number, number];
  const product = graph.op('MatMul', [matrix, graph.op('Transpose', [matrix], { perm: [1, 0] })]);
  return graph.op('Mul', [product, graph.scalar(1 / positions)]);
}

/**
 * raw = ‖G − A‖² and, with the weight w of raw in the loss, dL/dF = M·F, M = (4 w / (H·W)) (G − A): G is symmetric, so
 * d‖G − A‖²/dF = 4 (G − A) F / (H·W).
 */
function appendStyleTerm(graph: Graph, value: string, target: string, weight: string) {
  const dims = graph.dims(value);
  const matrix = flatten(graph, value);
  const [channels, positions] = graph.dims(matrix) as [number, number];
  const difference = graph.op('Sub', [appendGram(graph, matrix), graph.input(target, 'float32', [channels, channels])]);
  const slope = graph.op('Mul', [weight, graph.scalar(4 / positions)]);
  const multiplier = graph.op('Mul', [difference, slope], {}, `multiplier.${target}`);
  const cotangent = graph.op('MatMul', [multiplier, matrix]);
  return { raw: squares(graph, difference), cotangent: graph.op('Reshape', [cotangent, graph.ints(dims)]) };
}

/** raw = ‖F − P‖², dL/dF = 2 w (F − P) */
function appendContentTerm(graph: Graph, value: string, target: string, weight: string) {
  const difference = graph.op('Sub', [value, graph.input(target, 'float32', graph.dims(value))]);
  const slope = graph.op('Mul', [weight, graph.scalar(2)]);
  return { raw: squares(graph, difference), cotangent: graph.op('Mul', [difference, slope]) };
}

/** Σ x², as [1]. */
function squares(graph: Graph, x: string): string {
  const total = graph.op('ReduceSum', [graph.op('Mul', [x, x])], { keepdims: 0 });
  return graph.op('Reshape', [total, graph.ints([1])]);
}
