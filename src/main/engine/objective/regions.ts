/**
 * Regions of the picture, each painted in styles of its own, by guided Gram matrices (Gatys et al. 2017, "Controlling Perceptual
 * Factors in Neural Style Transfer", section 4).
 *
 * At a layer with features F [C, H·W], a region r has the share u_r of every position, in [0,1]; the shares of all regions sum to 1 at
 * most. Its Gram matrix is G_r = F diag(u_r) Fᵀ / Σ u_r, the article's with the guidance T = √u_r, and the layer's style term
 *
 *     E = Σ_r a_r · n_r · ‖G_r − A_r‖²,   a_r = Σ u_r / (H·W)
 *
 * with the target A_r and its normalization n_r. By a_r the pull on a position does not depend on how large its region is:
 * dE/dF = Σ_r 4 n_r / (H·W) · (G_r − A_r) F diag(u_r), and a single region with u = 1 is the term without regions.
 */
import type { Normalization } from '../../../shared/objective.ts';
import { MadderError } from '../../../shared/errors.ts';
import { numbersOf, type Tensor } from '../../../shared/tensor.ts';
import { fieldsOf } from '../networks/layers.ts';
import { findLayer, type Network } from '../networks/network.ts';
import { windowSide, type Field } from '../networks/receptive-fields.ts';
import type { OnnxGraph, OnnxNode } from '../../formats/onnx.ts';
import { styleFactor } from './normalization.ts';
import { meansAt, sumOfMeans, windowsOver, type Plane, type Positions, type Windows } from './windows.ts';

/** Positions that a region must have at a layer, at least, to be asked for there: of less, a Gram matrix says nothing. */
const FEWEST_POSITIONS = 1;

/** The regions of a picture, whatever its size. */
export class Regions {
  /** Shares in [0,1] of each region, in planes of one size; they sum to 1 at most everywhere. */
  readonly shares: readonly Plane[];
  readonly #fields = new WeakMap<Network, ReadonlyMap<string, Field>>();

  constructor(shares: readonly Plane[]) {
    this.shares = shares;
  }

  get count(): number {
    return this.shares.length;
  }

  /**
   * The regions at a layer. A share there is the mean of the region over a window around what the position sees: around the centre of its
   * receptive field, as wide as that looks in effect (`windowSide`). The whole field would smear small regions over pictures in deep layers, where it is
   * larger than most of them; the field's centre alone would leave edges jagged. Where a layer sees the whole picture, positions share the
   * picture out evenly.
   *
   * @param picture px
   * @param positions of the layer in the whole picture
   */
  at(network: Network, layer: string, picture: Size, positions: Size): LayerRegions {
    const { tensor } = findLayer(network, layer);
    const fields = this.#fields.get(network) ?? fieldsOf(ofPositions(network.graph), network.input);
    this.#fields.set(network, fields);
    const field = fields.get(tensor);
    const { width, height } = this.shares[0]!;
    const along = (axis: 0 | 1, length: number, count: number, cells: number): Windows => {
      const even = length / count;
      const course = field
        ? {
            centre: (field.first[axis] + field.last[axis] + 1) / 2,
            stride: field.stride[axis],
            width: windowSide(field, axis),
          }
        : { centre: even / 2, stride: even, width: even };
      return windowsOver(count, course, cells, length);
    };
    const rows = along(0, picture.height, positions.height, height);
    const columns = along(1, picture.width, positions.width, width);
    return new LayerRegions(this.shares, rows, columns);
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The regions at one layer of a picture of one size. */
export class LayerRegions {
  readonly #shares: readonly Plane[];
  readonly #rows: Windows;
  readonly #columns: Windows;
  /** Σ u_r over the layer's positions; 0 where a region has too little of them. */
  readonly #sums: readonly number[];

  /** For `Regions.at`. */
  constructor(shares: readonly Plane[], rows: Windows, columns: Windows) {
    this.#shares = shares;
    this.#rows = rows;
    this.#columns = columns;
    this.#sums = shares.map((plane) => {
      const sum = sumOfMeans(plane, rows, columns);
      return sum < FEWEST_POSITIONS ? 0 : sum;
    });
  }

  /** u_r / Σ u_r at these positions, row by row: all zeros where the region has too little of the layer. */
  weights(region: number, at: Positions): Float64Array {
    const sum = this.#sums[region]!;
    if (sum === 0) return new Float64Array((at.bottom - at.top) * (at.right - at.left));
    const shares = meansAt(this.#shares[region]!, this.#rows, this.#columns, at);
    for (let i = 0; i < shares.length; i++) shares[i]! /= sum;
    return shares;
  }

  /**
   * a_r · n_r of each region: its share of the layer times the normalization of its target.
   * @param targets A_r, row-major C x C
   * @throws MadderError naming the layer where the relative norm is zero
   */
  balance(normalization: Normalization, targets: readonly Float32Array[], layer: string): Float32Array {
    const positions = this.#rows.count * this.#columns.count;
    return Float32Array.from(this.#sums, (sum, r) => {
      if (sum === 0) return 0;
      const target = targets[r]!;
      return (sum / positions) * styleFactor(normalization, target, Math.sqrt(target.length), layer);
    });
  }
}

/** The sentence for a layer whose positions are not places in the picture. */
export const withoutPlaces = (network: Pick<Network, 'name'>, layer: string): MadderError =>
  new MadderError(
    'network',
    `The layer ${layer} of ${network.name} has no rows and columns, so masks cannot reach it; choose others, or leave the masks out.`,
  );

/**
 * The graph with what only mixes the channels of every position (a network seen in grey, layers read through a softmax over channels) left
 * out: receptive fields are not changed by it.
 */
function ofPositions(graph: OnnxGraph): OnnxGraph {
  const isChannelWork = ({ op, attributes, inputs }: OnnxNode): boolean => {
    if (op === 'Softmax') return attributes['axis'] === 1;
    if (op === 'Expand') return isChannelShape(graph.initializers.get(inputs[1] ?? ''));
    const axes = attributes['axes'] as readonly number[] | undefined;
    return (op === 'ReduceMean' || op === 'ReduceMax') && axes?.join() === '1' && attributes['keepdims'] !== 0;
  };
  return { ...graph, nodes: graph.nodes.map((node) => (isChannelWork(node) ? { ...node, op: 'Identity' } : node)) };
}

/** Whether something of this shape [n,C,1,1] is the same at all positions. */
function isChannelShape(shape: Tensor | undefined): boolean {
  const dims = shape ? numbersOf(shape) : [];
  return dims.length === 4 && dims[2] === 1 && dims[3] === 1;
}
