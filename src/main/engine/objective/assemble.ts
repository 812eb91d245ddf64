/**
 * The one assembler of loss-and-gradient graphs.
 *
 * A style term needs from a layer only F·Fᵀ summed over its positions (`appendGram`), and gives back the cotangent M·F with
 * the small matrix M = (4 w / (H·W)) · (G − A) (`appendStyleTerm`). M is a named value: everything that
 * depends on the whole picture passes through it. Where the picture is one tile, M is computed inside the graph; where it is
 * cut into several, M is fed, and every tile works with the positions that it owns alone (see tiling/).
 *
 * Where the picture has regions (regions.ts), each has a Gram matrix, a target and an M of its own, and positions count by their weights v_r =
 * u_r / Σ u_r: G_r = F diag(v_r) Fᵀ and dL/dF = Σ_r M_r F diag(v_r) with M_r = 4 w a_r n_r (G_r − A_r).
 */
import { MadderError } from '../../../shared/errors.ts';
import { floatTensor } from '../../../shared/tensor.ts';
import { enterBlockedLayout, total } from '../autodiff/emit.ts';
import { appendBackward } from '../autodiff/reverse.ts';
import { Graph } from '../graph/graph.ts';
import { inlineTemplate } from '../graph/inline.ts';
import { findLayer, type Network } from '../networks/network.ts';
import { withoutPlaces, type Regions } from './regions.ts';
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
  /** Regions of the picture, each with its own style; one that is everywhere when missing. */
  readonly regions?: Regions | undefined;
}

export interface AssembleOptions {
  readonly height: number;
  readonly width: number;
  /** Keep the CPU provider in its blocked layout. */
  readonly blockedLayout: boolean;
  /** Where the picture is a tile of a larger one: what is known of that. */
  readonly whole?: Whole | undefined;
}

/** A picture of which tiles are pieces. */
export interface Whole {
  /** Positions, rows · columns, of a layer in the whole picture. */
  readonly positions: (term: Pick<Term, 'network' | 'layer'>) => number;
  /** Values of the whole picture, 3·H·W. */
  readonly values: number;
}

export const IMAGE = 'image';
export const COEFFICIENTS = 'coefficients';
export const RAW = 'raw';
export const GRADIENT = 'gradient';
export const DIRECTION = 'direction';
/** Target Gram matrix [C,C], or that of one of several regions. */
export const gramInput = (term: Pick<Term, 'network' | 'layer'>, region?: number): string =>
  `gram${ofRegion(region)}/${term.network}/${term.layer}`;
export const contentInput = (term: Pick<Term, 'network' | 'layer'>): string => `content/${term.network}/${term.layer}`;
/** M of a style term [C,C], or of one of its regions, fed to tiles. */
export const multiplierInput = (term: Pick<Term, 'network' | 'layer'>, region?: number): string =>
  `multiplier${ofRegion(region)}/${term.network}/${term.layer}`;
/** Weights v_r of a layer's positions in a region [1,1,h,w], zero but for a tile's own. */
export const regionInput = (term: Pick<Term, 'network' | 'layer'>, region: number): string =>
  `region${ofRegion(region)}/${term.network}/${term.layer}`;
/** a_r · n_r of a style term's regions [R]. */
export const balanceInput = (term: Pick<Term, 'network' | 'layer'>): string => `balance/${term.network}/${term.layer}`;
const ofRegion = (region: number | undefined): string => (region === undefined ? '' : `.${region}`);
/** 1 where a tile owns a layer's position, or a pixel (variation terms), and 0 elsewhere, [1,1,h,w]. */
export const ownInput = (term: Pick<Term, 'network' | 'layer'>): string => `own/${term.network}/${term.layer}`;

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
 * Loss terms and their gradient, for a picture or for a tile of one.
 *
 * Inputs: `image` [1,3,H,W] in [0,1]; `coefficients` [T], the factor of each raw term in the loss; per style term its
 * target Gram [C,C] (`gramInput`), per content term its target features [1,C,h,w] (`contentInput`).
 * Outputs: `raw` [T], the unweighted sums ‖G − A‖², ‖F − P‖², variation; `gradient` [1,3,H,W], that of Σ coefficient · raw.
 *
 * Of a tile (`whole`): per style term M (`multiplierInput`) is fed instead of the Gram, and per term which positions are the
 * tile's own (`ownInput`). `raw` then is the share of these positions, 0 for style terms, which are known before, and `gradient` what
 * they add to the gradient of the whole picture.
 *
 * Where there are regions, each has such an input of its own, style terms are also fed `regionInput` and, but for tiles, `balanceInput`, and
 * their raw sums are E itself, Σ a_r n_r ‖G_r − A_r‖².
 * @throws MadderError naming the node that cannot be differentiated, or the layer that regions cannot reach
 */
export function assembleObjective(shape: ObjectiveShape, options: AssembleOptions): Graph {
  const { graph, features } = withFeatures(shape.networks, options);
  const terms = termsOf(shape);
  const owned = owning(graph, options);
  const { regions } = shape;
  if (regions) checkPlaces(shape.networks, graph, features);
  const appended = terms.map((term): AppendTerm => (weight) => {
    if (term.kind === 'style') {
      const value = features(term);
      const { raw, cotangent } = regions
        ? appendRegions(graph, value, term, regions.count, options.whole ? undefined : weight)
        : options.whole
          ? appendTileStyle(graph, value, multiplierInput(term), owned(term, value))
          : appendStyleTerm(graph, value, gramInput(term), weight);
      const blocked = options.blockedLayout ? enterBlockedLayout(graph, cotangent) : cotangent;
      return { raw, seeds: new Map([[value, blocked]]) };
    }
    if (term.kind === 'content') {
      const value = features(term);
      const { raw, cotangent } = appendContentTerm(graph, value, contentInput(term), weight, owned(term, value));
      return { raw, seeds: new Map([[value, cotangent]]) };
    }
    return appendVariation(graph, IMAGE, weight, term.kind === 'variation' ? 'quadratic' : 'l1', {
      values: options.whole?.values ?? graph.size(IMAGE),
      own: owned(term, IMAGE),
    });
  });
  return withGradient(graph, shape.networks, appended, options);
}

/**
 * How strongly a layer F answers to a picture, for making it answer more (feature visualization).
 *
 * Inputs: `image` [1,3,H,W] in [0,1]; `coefficients` [3]; `direction` D [1,C,h,w].
 * Outputs: `raw` [3] = ⟨F, D⟩, the mean of F², the quadratic variation of the picture; `gradient` [1,3,H,W], that of
 * Σ coefficient · raw. With 1/(h·w) at all positions of a channel, ⟨F, D⟩ is its mean; with a single 1, it is one neuron.
 */
export function assembleAnswer(network: Network, layer: string, options: Omit<AssembleOptions, 'whole'>): Graph {
  const use: NetworkUse = { key: 'answering', network, style: [], content: [layer] };
  const { graph, features } = withFeatures([use], options);
  const value = features({ network: use.key, layer });
  const terms: readonly AppendTerm[] = [
    (weight) => {
      const direction = graph.input(DIRECTION, 'float32', graph.dims(value));
      const raw = total(graph, graph.op('Mul', [value, direction]));
      return { raw, seeds: new Map([[value, graph.op('Mul', [direction, weight])]]) };
    },
    (weight) => {
      const share = graph.scalar(1 / graph.size(value));
      const slope = graph.op('Mul', [weight, graph.scalar(2 / graph.size(value))]);
      const raw = graph.op('Mul', [squares(graph, value), share]);
      return { raw, seeds: new Map([[value, graph.op('Mul', [value, slope])]]) };
    },
    (weight) => appendVariation(graph, IMAGE, weight, 'quadratic', { values: graph.size(IMAGE) }),
  ];
  return withGradient(graph, [use], terms, options);
}

/** Appends a term to a graph: its raw sum [1] and, with its weight [1] in the loss, cotangents by value. */
type AppendTerm = (weight: string) => { readonly raw: string; readonly seeds: ReadonlyMap<string, string> };

/** Completes a graph by its terms, with the input `coefficients` and the outputs `raw` and `gradient`. */
function withGradient(
  graph: Graph,
  networks: readonly NetworkUse[],
  terms: readonly AppendTerm[],
  { blockedLayout }: Pick<AssembleOptions, 'blockedLayout'>,
): Graph {
  const coefficients = graph.input(COEFFICIENTS, 'float32', [terms.length]);
  const weights = entriesOf(graph, coefficients, 'coefficient');
  const seeds = new Map<string, string>();
  const raw = terms.map((append, i): string => {
    const term = append(weights[i]!);
    for (const [value, cotangent] of term.seeds) {
      const before = seeds.get(value);
      seeds.set(value, before === undefined ? cotangent : graph.op('Add', [before, cotangent]));
    }
    return term.raw;
  });
  const identityGradient = new Set(
    networks.flatMap(({ key, network }) => [...network.identityGradient].map((t) => `${key}/${t}`)),
  );
  const gradient = appendBackward(graph, seeds, IMAGE, { identityGradient, blockedLayout });
  graph.ops('Concat', raw, { axis: 0 }, [RAW]);
  graph.ops('Identity', [gradient], {}, [GRADIENT]);
  graph.output(RAW);
  graph.output(GRADIENT);
  return graph;
}

/**
 * Statistics of a picture: per style layer its Gram matrix [C,C], per content layer the features [1,C,h,w]. The outputs carry the names of the objective's inputs.
 * Of a tile (`whole`): what its own positions (`ownInput`, of style layers) add to the Gram matrices of the whole picture, and
 * the features of all of the tile.
 * Of a picture that has regions: the Gram matrix of each, or what a tile adds to it, its positions weighed as fed (`regionInput`).
 */
export function assembleStatistics(
  networks: readonly NetworkUse[],
  options: AssembleOptions,
  regions?: Pick<Regions, 'count'>,
): Graph {
  const { graph, features } = withFeatures(networks, options);
  if (regions) checkPlaces(networks, graph, features);
  const owned = owning(graph, options);
  for (const { key, style, content } of networks) {
    for (const layer of style) {
      const term = { network: key, layer };
      const matrix = flatten(graph, features(term));
      if (regions) {
        for (let r = 0; r < regions.count; r++) {
          const gram = product(graph, among(graph, matrix, weighing(graph, term, r, features(term))), matrix);
          graph.output(graph.ops('Identity', [gram], {}, [gramInput(term, r)])[0]!);
        }
        continue;
      }
      const own = owned(term, features(term));
      const gram = appendGram(graph, own ? among(graph, matrix, own) : matrix, options.whole?.positions(term));
      graph.output(graph.ops('Identity', [gram], {}, [gramInput(term)])[0]!);
    }
    for (const layer of content) {
      const term = { network: key, layer };
      graph.output(graph.ops('Identity', [features(term)], {}, [contentInput(term)])[0]!);
    }
  }
  return graph;
}

/**
 * Where a term's own positions are fed: a value of the same height and width as `value`, one for all terms of a layer.
 * Undefined where the picture is whole, so that all positions count.
 */
function owning(graph: Graph, { whole }: AssembleOptions) {
  return (term: Pick<Term, 'network' | 'layer'>, value: string): string | undefined => {
    if (!whole) return undefined;
    const name = ownInput(term);
    if (graph.has(name)) return name;
    const [, , height, width] = graph.dims(value) as [number, number, number, number];
    return graph.input(name, 'float32', [1, 1, height, width]);
  };
}

/** Where the weights of a region are fed. */
function weighing(graph: Graph, term: Pick<Term, 'network' | 'layer'>, region: number, value: string): string {
  const [, , height, width] = graph.dims(value) as [number, number, number, number];
  return graph.input(regionInput(term, region), 'float32', [1, 1, height, width]);
}

/** Refuses style layers that have no rows and columns. */
function checkPlaces(
  networks: readonly NetworkUse[],
  graph: Graph,
  features: (term: Pick<Term, 'network' | 'layer'>) => string,
): void {
  for (const { key, network, style } of networks) {
    const lost = style.find((layer) => graph.dims(features({ network: key, layer })).length !== 4);
    if (lost !== undefined) throw withoutPlaces(network, lost);
  }
}

/** The networks' forward passes on one picture, and where their layers are in the graph. */
export function withFeatures(
  networks: readonly NetworkUse[],
  { height, width }: Pick<AssembleOptions, 'height' | 'width'>,
) {
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

/** Features as a matrix [C, h·w], every position times its weight [1,1,h,w]: zero but for the tile's own, or as a region weighs it. */
function among(graph: Graph, matrix: string, weights: string): string {
  const [, positions] = graph.dims(matrix) as [number, number];
  return graph.op('Mul', [matrix, graph.op('Reshape', [weights, graph.ints([1, positions])])]);
}

/** X · Fᵀ of two matrices [C, h·w]. */
const product = (graph: Graph, x: string, matrix: string): string =>
  graph.op('MatMul', [x, graph.op('Transpose', [matrix], { perm: [1, 0] })]);

/** G = F·Fᵀ / (H·W) from F as a matrix [C, H·W]; of a tile, with the positions of the whole picture. */
function appendGram(graph: Graph, matrix: string, positions = graph.dims(matrix)[1]!): string {
  return graph.op('Mul', [product(graph, matrix, matrix), graph.scalar(1 / positions)]);
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

/** dL/dF = M·F at a tile's own positions, with M fed and what it comes of (raw) counted elsewhere. */
function appendTileStyle(graph: Graph, value: string, multiplier: string, own: string | undefined) {
  const dims = graph.dims(value);
  const matrix = flatten(graph, value);
  const [channels] = graph.dims(matrix) as [number, number];
  const fed = graph.input(multiplier, 'float32', [channels, channels]);
  const cotangent = graph.op('MatMul', [fed, own === undefined ? matrix : among(graph, matrix, own)]);
  const raw = graph.constant(floatTensor([1], [0]), 'counted elsewhere');
  return { raw, cotangent: graph.op('Reshape', [cotangent, graph.ints(dims)]) };
}

/**
 * raw = Σ a_r n_r ‖G_r − A_r‖² and dL/dF = Σ M_r F diag(v_r), M_r = 4 w a_r n_r (G_r − A_r) with the weight w of raw in the loss. Of a
 * tile, M_r is fed and raw counted elsewhere.
 * @param weight w; undefined for tiles
 */
function appendRegions(graph: Graph, value: string, term: Term, count: number, weight: string | undefined) {
  const dims = graph.dims(value);
  const matrix = flatten(graph, value);
  const [channels] = graph.dims(matrix) as [number, number];
  const square = [channels, channels];
  const fed = weight === undefined ? undefined : graph.input(balanceInput(term), 'float32', [count]);
  const balances = fed === undefined ? undefined : entriesOf(graph, fed, fed);
  const raws: string[] = [];
  const cotangents: string[] = [];
  for (let r = 0; r < count; r++) {
    const weighted = among(graph, matrix, weighing(graph, term, r, value));
    let multiplier: string;
    if (balances) {
      const target = graph.input(gramInput(term, r), 'float32', square);
      const difference = graph.op('Sub', [product(graph, weighted, matrix), target]);
      const slope = graph.op('Mul', [graph.op('Mul', [weight!, balances[r]!]), graph.scalar(4)]);
      multiplier = graph.op('Mul', [difference, slope], {}, `multiplier.${target}`);
      raws.push(graph.op('Mul', [squares(graph, difference), balances[r]!]));
    } else {
      multiplier = graph.input(multiplierInput(term, r), 'float32', square);
    }
    cotangents.push(graph.op('MatMul', [multiplier, weighted]));
  }
  const sum = (values: readonly string[]) => values.reduce((a, b) => graph.op('Add', [a, b]));
  return {
    raw: balances ? sum(raws) : graph.constant(floatTensor([1], [0]), 'counted elsewhere'),
    cotangent: graph.op('Reshape', [sum(cotangents), graph.ints(dims)]),
  };
}

/** The entries of a vector, each as [1]. */
function entriesOf(graph: Graph, vector: string, name: string): readonly string[] {
  const [count] = graph.dims(vector) as [number];
  if (count === 1) return [vector];
  const names = Array.from({ length: count }, (_, i) => `${name}.${i}`);
  return graph.ops('Split', [vector], { axis: 0 }, names);
}

/** raw = ‖F − P‖², dL/dF = 2 w (F − P), both over a tile's own positions where there are any. */
function appendContentTerm(graph: Graph, value: string, target: string, weight: string, own: string | undefined) {
  const all = graph.op('Sub', [value, graph.input(target, 'float32', graph.dims(value))]);
  const difference = own === undefined ? all : graph.op('Mul', [all, own]);
  const slope = graph.op('Mul', [weight, graph.scalar(2)]);
  return { raw: squares(graph, difference), cotangent: graph.op('Mul', [difference, slope]) };
}

/** Σ x², as [1]. */
const squares = (graph: Graph, x: string): string => total(graph, graph.op('Mul', [x, x]));
