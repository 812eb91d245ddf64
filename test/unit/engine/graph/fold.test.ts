import { describe, expect, it } from 'vitest';
import { foldNode } from '../../../../src/main/engine/graph/fold.ts';
import type { AttributeValue, OnnxNode } from '../../../../src/main/formats/onnx.ts';
import { MadderError } from '../../../../src/shared/errors.ts';
import { elementCount, floatTensor, intTensor, type Tensor } from '../../../../src/shared/tensor.ts';
import { Random } from '../../../support/random.ts';
import { deviation, feedsOf, oneNode, randomFloats, runOnnx } from './onnx-runs.ts';

interface Sample {
  readonly attributes?: Record<string, AttributeValue>;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly outputs?: number;
}

const list = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const shape = (r: Random, low = 1, high = 4): number[] => list(r.integer(low, high), () => r.integer(1, 4));
const ints = (r: Random, dims: readonly number[], low = -9, high = 9): Tensor =>
  intTensor(
    list(elementCount(dims), () => r.integer(low, high)),
    dims,
  );
const narrow = (r: Random, dims: readonly number[]): Tensor => ({
  type: 'int32',
  dims,
  data: Int32Array.from(list(elementCount(dims), () => r.integer(-9, 9))),
});
const bools = (r: Random, dims: readonly number[]): Tensor => ({
  type: 'bool',
  dims,
  data: Uint8Array.from(list(elementCount(dims), () => r.integer(0, 1))),
});

function broadcastable(r: Random, count: number): number[][] {
  const full = shape(r, 0);
  return list(count, () => full.slice(r.integer(0, full.length)).map((d) => (r.next() < 0.3 ? 1 : d)));
}

type Kind = (r: Random, dims: readonly number[]) => Tensor;
const anyKind = (r: Random): Kind => r.pick<Kind>([randomFloats, ints, narrow]);

const unary =
  (kind: (r: Random) => Kind, low = -2) =>
  (r: Random): Sample => {
    const make = kind(r);
    const dims = shape(r, 0);
    return { inputs: [make === randomFloats ? randomFloats(r, dims, low) : make(r, dims)] };
  };

const binary = (r: Random): Sample => {
  const kind = anyKind(r);
  return { inputs: broadcastable(r, 2).map((dims) => kind(r, dims)) };
};

const logical = (r: Random): Sample => ({ inputs: broadcastable(r, 2).map((dims) => bools(r, dims)) });

/** Samples of a division: no zero divisors. */
const division = (r: Random): Sample => {
  const kind = anyKind(r);
  const [a, b] = broadcastable(r, 2) as [number[], number[]];
  const divisor = kind(r, b);
  const data = divisor.data as unknown as (number | bigint)[];
  data.forEach((v, i) => (data[i] = Number(v) === 0 ? (typeof v === 'bigint' ? 3n : 3) : v));
  return { inputs: [kind(r, a), divisor] };
};

const reduce = (r: Random): Sample => {
  const dims = shape(r);
  const axes = r.shuffled(dims.map((_, i) => i)).slice(0, r.integer(1, dims.length));
  return {
    attributes: { keepdims: r.integer(0, 1), ...(r.next() < 0.7 && { axes }) },
    inputs: [r.pick<Kind>([randomFloats, ints])(r, dims)],
  };
};

const onAxis = (r: Random, dims: readonly number[]): { axis: number } => {
  const axis = r.integer(0, dims.length - 1);
  return { axis: r.pick([axis, axis - dims.length]) };
};

const floats = (): Kind => randomFloats;

const SAMPLES: Readonly<Record<string, (r: Random) => Sample>> = {
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Equal', 'Greater', 'Less', 'GreaterOrEqual', 'LessOrEqual', 'Min', 'Max'].map((op) => [
      op,
      binary,
    ]),
  ),
  ...Object.fromEntries(['Neg', 'Abs', 'Identity'].map((op) => [op, unary(anyKind)])),
  ...Object.fromEntries(['Exp', 'Reciprocal', 'Floor', 'Ceil'].map((op) => [op, unary(floats)])),
  ...Object.fromEntries(['ReduceProd', 'ReduceMax'].map((op) => [op, reduce])),
  Sqrt: unary(floats, 0),
  And: logical,
  Or: logical,
  Not: (r) => ({ inputs: [bools(r, shape(r))] }),
  Div: division,
  Mod: (r) => {
    const { inputs } = division(r);
    const fmod = inputs[0]!.type === 'float32' ? 1 : r.integer(0, 1);
    return { attributes: { fmod }, inputs };
  },
  Pow: (r) => {
    const [a, b] = broadcastable(r, 2) as [number[], number[]];
    return { inputs: [randomFloats(r, a, 0.1), r.pick<Kind>([randomFloats, ints])(r, b)] };
  },
  Where: (r) => {
    const [c, a, b] = broadcastable(r, 3) as [number[], number[], number[]];
    const kind = anyKind(r);
    return { inputs: [bools(r, c), kind(r, a), kind(r, b)] };
  },
  ReduceMean: (r) => ({ ...reduce(r), inputs: [randomFloats(r, [2, 3, 4])], attributes: { axes: [1] } }),
  ReduceSum: (r) => {
    const { attributes, inputs } = reduce(r);
    const { axes, ...rest } = attributes!;
    return {
      attributes: { ...rest, noop_with_empty_axes: r.integer(0, 1) },
      inputs: axes ? [inputs[0], intTensor(axes as number[])] : inputs,
    };
  },
  Cast: (r) => ({ attributes: { to: r.pick([1, 6, 7, 9, 11]) }, inputs: [anyKind(r)(r, shape(r, 0))] }),
  Gather: (r) => {
    const dims = shape(r);
    const axis = onAxis(r, dims);
    const size = dims.at(axis.axis)!;
    return { attributes: axis, inputs: [anyKind(r)(r, dims), ints(r, shape(r, 0, 2), -size, size - 1)] };
  },
  Concat: (r) => {
    const dims = shape(r);
    const axis = onAxis(r, dims);
    const kind = anyKind(r);
    return { attributes: axis, inputs: list(r.integer(1, 4), () => kind(r, dims.with(axis.axis, r.integer(0, 3)))) };
  },
  Split: (r) => {
    const dims = shape(r);
    const axis = onAxis(r, dims);
    return {
      attributes: axis,
      inputs: [anyKind(r)(r, dims.with(axis.axis, 6)), r.pick([undefined, intTensor([1, 3, 2])])],
      outputs: 3,
    };
  },
  Slice: (r) => {
    const dims = shape(r);
    const axes = r.shuffled(dims.map((_, i) => i)).slice(0, r.integer(1, dims.length));
    const bound = (): number => r.pick([r.integer(-6, 6), 2 ** 62, -(2 ** 62)]);
    const steps = intTensor(axes.map(() => r.pick([-3, -2, -1, 1, 2, 3])));
    return {
      inputs: [
        anyKind(r)(r, dims),
        intTensor(axes.map(bound)),
        intTensor(axes.map(bound)),
        intTensor(axes),
        r.pick([undefined, steps]),
      ],
    };
  },
  Reshape: (r) => ({ inputs: [anyKind(r)(r, [2, 3, 4]), intTensor(r.pick([[0, -1], [24], [4, 3, 2], [-1, 6]]))] }),
  Flatten: (r) => ({ attributes: { axis: r.integer(-3, 3) }, inputs: [anyKind(r)(r, [2, 3, 4])] }),
  Transpose: (r) => {
    const dims = shape(r);
    return { attributes: { perm: r.shuffled(dims.map((_, i) => i)) }, inputs: [anyKind(r)(r, dims)] };
  },
  Squeeze: (r) => ({ inputs: [anyKind(r)(r, [1, 3, 1]), r.pick([undefined, intTensor([0]), intTensor([-1, 0])])] }),
  Unsqueeze: (r) => ({ inputs: [anyKind(r)(r, [2, 3]), intTensor(r.pick([[0], [-1], [3, 1]]))] }),
  Expand: (r) => {
    const [a, b] = broadcastable(r, 2) as [number[], number[]];
    return { inputs: [anyKind(r)(r, a), intTensor(b)] };
  },
  Trilu: (r) => ({
    attributes: { upper: r.integer(0, 1) },
    inputs: [
      randomFloats(r, [2, r.integer(1, 4), r.integer(1, 4)]),
      ...r.pick([[], [intTensor([r.integer(-3, 3)], [])]]),
    ],
  }),
  Tile: (r) => {
    const dims = shape(r);
    return { inputs: [anyKind(r)(r, dims), intTensor(dims.map(() => r.integer(0, 3)))] };
  },
  Range: (r) =>
    r.pick([
      { inputs: [r.integer(-3, 9), r.integer(-9, 9), r.pick([-2, -1, 1, 3])].map((v) => intTensor([v], [])) },
      { inputs: [r.between(-3, 3), r.between(-9, 9), r.pick([-0.5, 0.3])].map((v) => floatTensor([], [v])) },
    ]),
  Shape: (r) => ({
    attributes: { start: r.integer(-4, 4), end: r.integer(-4, 4) },
    inputs: [randomFloats(r, shape(r, 0))],
  }),
  Size: (r) => ({ inputs: [randomFloats(r, shape(r, 0))] }),
  Constant: (r) => ({ attributes: { value: anyKind(r)(r, shape(r, 0)) }, inputs: [] }),
  ConstantOfShape: (r) => ({
    attributes: r.pick([{}, { value: intTensor([3]) }, { value: floatTensor([1], [0.5]) }]),
    inputs: [intTensor(shape(r, 0))],
  }),
};

const node = (op: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}): OnnxNode => ({
  ...{ op, domain: '', name: 'N', inputs, outputs: ['y'], attributes },
});

describe('foldNode', () => {
  it.each(Object.entries(SAMPLES))('computes %s as onnxruntime does', async (op, make) => {
    const random = new Random(op.length * 100 + op.charCodeAt(1));
    for (let i = 0; i < 30; i++) {
      const { attributes = {}, inputs, outputs = 1 } = make(random);
      const model = oneNode(op, attributes, inputs, { outputs });
      const expected = [...(await runOnnx(model, feedsOf(inputs))).values()];
      const folded = foldNode(model.graph.nodes[0]!, inputs);
      expect(folded?.map(({ type, dims }) => ({ type, dims }))).toEqual(
        expected.map(({ type, dims }) => ({ type, dims })),
      );
      folded!.forEach((tensor, k) => {
        expect(tensor.data.constructor).toBe(expected[k]!.data.constructor);
        expect(deviation(tensor, expected[k]!)).toBeLessThan(1e-6);
      });
    }
  });

  it('keeps the ends that exporters write for "to the end"', () => {
    const most = 2n ** 63n - 1n;
    const ends: Tensor = { type: 'int64', dims: [1], data: BigInt64Array.of(most) };
    expect(foldNode(node('Concat', ['a', 'a'], { axis: 0 }), [ends, ends])![0]!.data).toEqual(
      BigInt64Array.of(most, most),
    );
    expect(foldNode(node('Min', ['a', 'a']), [ends, ends])![0]!.data).toEqual(BigInt64Array.of(most));
  });

  it('needs only the shape for Shape and Size', () => {
    const value = { type: 'float32', dims: [1, 3, 20, 30] } as const;
    expect(foldNode(node('Shape', ['a']), [undefined], [value])).toEqual([intTensor([1, 3, 20, 30])]);
    expect(foldNode(node('Size', ['a']), [undefined], [value])).toEqual([intTensor([1800], [])]);
  });

  it('leaves alone what is not constant, not covered or too large', () => {
    const one = floatTensor([1], [1]);
    expect(foldNode(node('Add', ['a', 'b']), [one, undefined])).toBeUndefined();
    expect(foldNode(node('Conv', ['a', 'b']), [one, one])).toBeUndefined();
    expect(foldNode({ ...node('Add', ['a', 'b']), domain: 'other' }, [one, one])).toBeUndefined();
    expect(foldNode(node('Expand', ['a', 'b']), [one, intTensor([3000, 3000])])).toBeUndefined();
    expect(foldNode(node('Cast', ['a'], { to: 7 }), [floatTensor([1], [NaN])])).toBeUndefined();
  });

  it('refuses division by zero and indices out of range', () => {
    const [one, zero] = [intTensor([1]), intTensor([0])];
    for (const op of ['Div', 'Mod']) expect(() => foldNode(node(op, ['a', 'b']), [one, zero])).toThrow(MadderError);
    expect(() => foldNode(node('Gather', ['a', 'b']), [one, one])).toThrow(MadderError);
  });
});
