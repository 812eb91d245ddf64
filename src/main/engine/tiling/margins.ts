/**
 * Which positions of a value a tile cannot know.
 *
 * A tile is a piece of the picture whose origin is a multiple of all strides. Where it ends inside the picture, paddings
 * stand for what lies beyond, so that positions near that edge differ from those of the untiled graph. How many do is
 * followed from node to node, exactly: a window's result is right where everything that the window covers is right.
 */
import { MadderError } from '../../../shared/errors.ts';
import { numbersOf } from '../../../shared/tensor.ts';
import type { OnnxNode } from '../../formats/onnx.ts';
import { listOf, numberOf, positiveAxis } from '../autodiff/emit.ts';
import type { Graph } from '../graph/graph.ts';
import { nodeError, reducedAxes, sliceRanges } from '../graph/shapes.ts';
import { POINTWISE, POOLS } from '../networks/receptive-fields.ts';

/** One of a value's dimensions, as it runs along the picture's rows or columns. */
export interface Course {
  /** Index of the dimension. */
  readonly dim: number;
  /** Picture pixels between neighbouring positions. */
  readonly stride: number;
  /** Positions that are wrong at the beginning and at the end, where the tile ends inside the picture. */
  readonly low: number;
  readonly high: number;
}

/** How a value lies over the picture: along its rows (from top to bottom) and along its columns. */
export type Placement = readonly [rows: Course, columns: Course];

/** Beside those whose receptive fields are known from networks: what their lowered forms and gradients consist of. */
const ELEMENTWISE = new Set([
  ...POINTWISE,
  ...'And Atan Ceil Cos Equal Floor Greater GreaterOrEqual HardSigmoid Less LessOrEqual Not Or Round Sign Sin Where'.split(
    ' ',
  ),
]);

/**
 * The placements of all values that depend on `image` [1,3,h,w], a tile of a larger picture.
 * @throws MadderError naming the first node whose results depend on more than a bounded neighbourhood, or on where in the
 * picture they are
 */
export function placementsOf(graph: Graph, image: string): ReadonlyMap<string, Placement> {
  const start = (dim: number): Course => ({ dim, stride: 1, low: 0, high: 0 });
  const placements = new Map<string, Placement>([[image, [start(2), start(3)]]]);
  for (const node of graph.nodes) {
    const seen = node.inputs.map((name) => placements.get(name));
    if (seen.every((placement) => placement === undefined)) continue;
    for (const output of node.outputs) {
      if (output === '') continue;
      const [rows, columns] = ([0, 1] as const).map((axis) => {
        const courses = seen.map((placement) => placement?.[axis]);
        return new Step(graph, node, output, courses).course();
      });
      placements.set(output, [rows!, columns!]);
    }
  }
  return placements;
}

/** How one axis of the picture goes through one node. */
class Step {
  readonly #graph: Graph;
  readonly #node: OnnxNode;
  readonly #output: string;
  /** Per input, how it runs along the axis; undefined for constants. */
  readonly #courses: readonly (Course | undefined)[];

  constructor(graph: Graph, node: OnnxNode, output: string, courses: readonly (Course | undefined)[]) {
    this.#graph = graph;
    this.#node = node;
    this.#output = output;
    this.#courses = courses;
  }

  course(): Course {
    const node = this.#node;
    const first = this.#courses[0];
    const alone = this.#courses.slice(1).every((course) => course === undefined);
    if (ELEMENTWISE.has(node.op) && node.op !== 'BatchNormalization') return this.#broadcast();
    if (node.op === 'Concat') return this.#across(positiveAxis(numberOf(node, 'axis', 0), this.#rank(0)));
    // Everything that follows reads one value and constants.
    if (!first || !alone) throw this.#refusal();
    switch (node.op) {
      case 'BatchNormalization':
        return first;
      case 'Conv':
        return this.#window(first, this.#graph.dims(node.inputs[1]!).slice(2));
      case 'ConvTranspose':
        return this.#spread(first, this.#graph.dims(node.inputs[1]!).slice(2));
      case 'Pad':
        return this.#pad(first);
      case 'Slice':
        return this.#slice(first);
      case 'Split':
        return this.#across(positiveAxis(numberOf(node, 'axis', 0), this.#rank(0)));
      case 'Softmax':
        return this.#across(positiveAxis(numberOf(node, 'axis', -1), this.#rank(0)));
      case 'LayerNormalization':
        return this.#before(positiveAxis(numberOf(node, 'axis', -1), this.#rank(0)));
      case 'ReduceL2':
      case 'ReduceMax':
      case 'ReduceMean':
      case 'ReduceSum':
      case 'ReduceSumSquare':
        return this.#reduce(first);
      case 'Transpose':
        return { ...first, dim: listOf(node, 'perm', this.#reversed()).indexOf(first.dim) };
      case 'Gather':
        return this.#gather(first);
      case 'Expand':
      case 'Tile':
        return this.#repeat(first);
      case 'MatMul':
        return this.#matMul(first);
      case 'DepthToSpace':
        return this.#enlarge(first, numberOf(node, 'blocksize', 1));
      case 'Resize':
        return this.#resize(first);
      case 'Reshape':
      case 'Squeeze':
      case 'Unsqueeze':
      case 'Flatten':
        return this.#reshape(first);
      default:
        if (POOLS.has(node.op)) return this.#window(first, listOf(node, 'kernel_shape', [1, 1]));
        throw this.#refusal();
    }
  }

  #refusal(problem = 'looks at the whole picture at once'): MadderError {
    return nodeError(
      this.#node,
      `${problem}, so the layers behind it cannot be painted in tiles; choose layers before it, or a size that fits the memory`,
    );
  }

  #rank(input: number): number {
    return this.#graph.dims(this.#node.inputs[input]!).length;
  }

  /** Positions of the first input along a course. */
  #length({ dim }: Course): number {
    return this.#graph.dims(this.#node.inputs[0]!)[dim]!;
  }

  get #outputDims(): readonly number[] {
    return this.#graph.dims(this.#output);
  }

  #reversed(): number[] {
    return Array.from({ length: this.#rank(0) }, (_, i) => this.#rank(0) - 1 - i);
  }

  #constant(input: number): number[] {
    const tensor = this.#graph.tensor(this.#node.inputs[input] ?? '');
    if (!tensor) throw this.#refusal();
    return numbersOf(tensor);
  }

  /** Positions of several values meet one to one; those that any of them has wrong are wrong. */
  #meet(courses: readonly Course[]): Course {
    const [first, ...others] = courses as [Course, ...Course[]];
    if (others.some(({ dim, stride }) => dim !== first.dim || stride !== first.stride)) throw this.#refusal();
    return {
      ...first,
      low: Math.max(...courses.map((c) => c.low)),
      high: Math.max(...courses.map((c) => c.high)),
    };
  }

  #broadcast(): Course {
    const rank = this.#outputDims.length;
    const aligned: Course[] = [];
    this.#courses.forEach((course, input) => {
      if (course) aligned.push({ ...course, dim: course.dim + rank - this.#rank(input) });
    });
    const met = this.#meet(aligned);
    this.#node.inputs.forEach((name, input) => {
      if (name === '' || this.#courses[input]) return;
      const dims = this.#graph.dims(name);
      const extent = dims[met.dim - rank + dims.length] ?? 1;
      if (extent !== 1) throw this.#refusal('has constants that differ from place to place');
    });
    return met;
  }

  /** Work along another dimension than this one. */
  #across(axis: number): Course {
    const courses = this.#courses.filter((course) => course !== undefined);
    // A constant beside the picture in a Concat has its size, and is the same in every tile.
    if (courses.length !== this.#node.inputs.length && this.#node.op === 'Concat') throw this.#refusal();
    const met = this.#meet(courses);
    if (met.dim === axis) throw this.#refusal();
    return met;
  }

  /** Work along a dimension and all behind it. */
  #before(axis: number): Course {
    const met = this.#meet(this.#courses.filter((course) => course !== undefined));
    if (met.dim >= axis) throw this.#refusal();
    return met;
  }

  /** Window q covers the positions from q·s − p to q·s − p + e − 1. */
  #window(course: Course, kernel: readonly number[]): Course {
    const axis = course.dim - 2;
    if (axis < 0 || kernel.length !== this.#rank(0) - 2) throw this.#refusal();
    const stride = listOf(this.#node, 'strides', [])[axis] ?? 1;
    const pad = listOf(this.#node, 'pads', [])[axis] ?? 0;
    const extent = (kernel[axis]! - 1) * (listOf(this.#node, 'dilations', [])[axis] ?? 1) + 1;
    const right = this.#length(course) - course.high;
    return this.#counted(course, course.stride * stride, {
      first: Math.ceil((course.low + pad) / stride),
      last: Math.floor((right - extent + pad) / stride),
    });
  }

  /** Transposed convolution: output q gathers from the inputs i with 0 <= q + p − i·s < e. */
  #spread(course: Course, kernel: readonly number[]): Course {
    const axis = course.dim - 2;
    if (axis < 0 || kernel.length !== this.#rank(0) - 2) throw this.#refusal();
    const stride = listOf(this.#node, 'strides', [])[axis] ?? 1;
    const pad = listOf(this.#node, 'pads', [])[axis] ?? 0;
    const extent = (kernel[axis]! - 1) * (listOf(this.#node, 'dilations', [])[axis] ?? 1) + 1;
    const right = this.#length(course) - course.high;
    return this.#counted(course, course.stride / stride, {
      first: (course.low - 1) * stride + extent - pad,
      last: right * stride - pad - 1,
    });
  }

  /** From the first and the last position that are right. */
  #counted(course: Course, stride: number, { first, last }: { first: number; last: number }, dim = course.dim): Course {
    return { dim, stride, low: Math.max(0, first), high: Math.max(0, this.#outputDims[dim]! - 1 - last) };
  }

  #pad(course: Course): Course {
    const pads = this.#constant(1);
    const [before, after] = [pads[course.dim]!, pads[course.dim + this.#rank(0)]!];
    return { ...course, low: Math.max(0, course.low + before), high: Math.max(0, course.high + after) };
  }

  #slice(course: Course): Course {
    const constants = this.#node.inputs.map((name) => this.#graph.tensor(name));
    const dims = this.#graph.dims(this.#node.inputs[0]!);
    const { start, step, count } = sliceRanges(this.#node, dims, constants)[course.dim]!;
    if (step < 1) throw this.#refusal();
    const length = this.#length(course);
    if (start === 0 && step === 1 && count === length) return course;
    return this.#counted(course, course.stride * step, {
      first: Math.ceil((course.low - start) / step),
      last: Math.floor((length - course.high - 1 - start) / step),
    });
  }

  #reduce(course: Course): Course {
    const axes = reducedAxes(this.#node, this.#rank(0), this.#graph.tensor(this.#node.inputs[1] ?? ''));
    if (axes.includes(course.dim)) throw this.#refusal();
    if (numberOf(this.#node, 'keepdims', 1) !== 0) return course;
    return { ...course, dim: course.dim - axes.filter((axis) => axis < course.dim).length };
  }

  #gather(course: Course): Course {
    const axis = positiveAxis(numberOf(this.#node, 'axis', 0), this.#rank(0));
    if (axis === course.dim) throw this.#refusal();
    const indices = this.#graph.dims(this.#node.inputs[1]!).length;
    return axis < course.dim ? { ...course, dim: course.dim + indices - 1 } : course;
  }

  #repeat(course: Course): Course {
    const dim = course.dim + this.#outputDims.length - this.#rank(0);
    if (this.#outputDims[dim] !== this.#length(course)) throw this.#refusal();
    return { ...course, dim };
  }

  /** A constant matrix applied to every position. */
  #matMul(course: Course): Course {
    const constant = this.#graph.dims(this.#node.inputs[1]!);
    if (constant.length !== 2 || course.dim === this.#rank(0) - 1) throw this.#refusal();
    return course;
  }

  #enlarge(course: Course, factor: number): Course {
    return {
      ...course,
      stride: course.stride / factor,
      low: course.low * factor,
      high: course.high * factor,
    };
  }

  /** Enlarging by a whole factor, where positions do not depend on the picture's size. */
  #resize(course: Course): Course {
    const node = this.#node;
    const factor = this.#outputDims[course.dim]! / this.#length(course);
    const mode = node.attributes['mode'] ?? 'nearest';
    const transform = node.attributes['coordinate_transformation_mode'] ?? 'half_pixel';
    const sized = node.inputs[3] !== undefined && node.inputs[3] !== '';
    const places = transform === 'half_pixel' || transform === 'pytorch_half_pixel' || transform === 'asymmetric';
    if (sized || !places || !Number.isInteger(factor) || (mode !== 'nearest' && mode !== 'linear')) {
      throw this.#refusal('resizes by the size of the picture');
    }
    const enlarged = this.#enlarge(course, factor);
    if (factor === 1) return enlarged;
    // Linear interpolation reads one neighbour; nearest ones may be rounded to it.
    return { ...enlarged, low: enlarged.low + factor, high: enlarged.high + factor };
  }

  /** The dimension stays whole, is cut into blocks of constant size, or takes up such blocks. */
  #reshape(course: Course): Course {
    const from = this.#graph.dims(this.#node.inputs[0]!);
    const to = this.#outputDims;
    const before = (dims: readonly number[], end: number) => dims.slice(0, end).reduce((a, b) => a * b, 1);
    const ahead = before(from, course.dim);
    const length = from[course.dim]!;
    for (let dim = 0; dim < to.length; dim++) {
      if (before(to, dim) !== ahead) continue;
      if (to[dim] === length) return { ...course, dim };
    }
    for (let dim = 0; dim < to.length; dim++) {
      if (before(to, dim) !== ahead) continue;
      const block = to[dim + 1] ?? 0;
      if (block > 1 && to[dim]! * block === length) {
        const blocks = (count: number) => Math.ceil(count / block);
        return { dim, stride: course.stride * block, low: blocks(course.low), high: blocks(course.high) };
      }
      const taken = from[course.dim + 1] ?? 0;
      if (taken > 1 && to[dim] === length * taken) return { ...this.#enlarge(course, taken), dim };
    }
    throw this.#refusal();
  }
}

/**
 * The placements of values in tiles of any size whose sides have the given remainders by all strides. Two tiles of
 * different size are compared: what differs between them depends on the size of the picture.
 * @param build a tile's graph, the same for the same size
 * @throws MadderError naming the node
 */
export function commonPlacements(
  build: (size: readonly [number, number]) => Graph,
  image: string,
  sizes: readonly [readonly [number, number], readonly [number, number]],
): ReadonlyMap<string, Placement> {
  const [small, large] = sizes.map((size) => build(size)) as [Graph, Graph];
  const placements = placementsOf(small, image);
  const others = placementsOf(large, image);
  for (const [name, placement] of placements) {
    placement.forEach((course, axis) => {
      const other = others.get(name)?.[axis];
      const grown = large.has(name) ? large.dims(name)[course.dim]! - small.dims(name)[course.dim]! : NaN;
      const same =
        other?.dim === course.dim &&
        other.stride === course.stride &&
        other.low === course.low &&
        other.high === course.high &&
        grown * course.stride === sizes[1][axis]! - sizes[0][axis]!;
      if (!same) {
        const node = small.producer(name);
        const problem = 'depends on the size of the picture, so it cannot be painted in tiles; choose layers before it';
        throw node ? nodeError(node, problem) : new Error(`the tile's input "${name}" ${problem}`);
      }
    });
  }
  return placements;
}
