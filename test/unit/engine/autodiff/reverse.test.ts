import { describe, expect, it } from 'vitest';
import { appendBackward, isDifferentiable } from '../../../../src/main/engine/autodiff/reverse.ts';
import { Graph } from '../../../../src/main/engine/graph/graph.ts';
import { MadderError } from '../../../../src/shared/errors.ts';
import { floatTensor } from '../../../../src/shared/tensor.ts';
import { arrayOf } from '../../../reference/array.ts';
import { evaluate } from '../../../reference/evaluator.ts';

const gradientAt = (graph: Graph, gradient: string, x: readonly number[], dy: readonly number[]): number[] => {
  const feeds = { x: arrayOf([x.length], x), dy: arrayOf([dy.length], dy) };
  return Array.from(evaluate(graph, feeds, [gradient])[gradient]!.data);
};

/** A graph with inputs x and dy of the same length. */
function vectorGraph(length: number): Graph {
  const graph = new Graph();
  graph.input('x', 'float32', [length]);
  graph.input('dy', 'float32', [length]);
  return graph;
}

describe('an operator without a gradient rule', () => {
  const build = () => {
    const graph = vectorGraph(2);
    return { graph, y: graph.op('Tanh', [graph.op('Mod', ['x', graph.scalar(2)], { fmod: 1 }, 'remainder')]) };
  };

  it('is refused with a message that names operator and node', () => {
    const { graph, y } = build();
    const attempt = () => appendBackward(graph, new Map([[y, 'dy']]), 'x');
    expect(isDifferentiable('Mod')).toBe(false);
    expect(attempt).toThrow(MadderError);
    expect(attempt).toThrow(/Mod.*remainder/);
  });

  it('does not matter off the way back', () => {
    const { graph } = build();
    const y = graph.op('Mul', ['x', 'x']);
    const gradient = appendBackward(graph, new Map([[y, 'dy']]), 'x');
    expect(gradientAt(graph, gradient, [3, -2], [1, 10])).toEqual([6, -40]);
  });

  it('does not matter on constants', () => {
    const graph = vectorGraph(2);
    const y = graph.op('Mul', ['x', graph.op('Floor', [graph.scalar(2.5)])]);
    const gradient = appendBackward(graph, new Map([[y, 'dy']]), 'x');
    expect(gradientAt(graph, gradient, [3, -2], [1, 10])).toEqual([2, 20]);
  });
});

describe('appendBackward', () => {
  it('leaves the forward nodes as they are and appends behind them', () => {
    const graph = vectorGraph(2);
    const y = graph.op('Exp', [graph.op('Relu', ['x'])]);
    const before = [...graph.nodes];
    appendBackward(graph, new Map([[y, 'dy']]), 'x');
    expect(graph.nodes.slice(0, before.length)).toEqual(before);
    expect(graph.nodes.length).toBeGreaterThan(before.length);
  });

  it('adds the gradients of all taps, also of one tapped value that feeds another', () => {
    const graph = vectorGraph(1);
    const square = graph.op('Mul', ['x', 'x']);
    const cube = graph.op('Mul', [square, 'x']);
    const gradient = appendBackward(graph, new Map([[cube, 'dy'], [square, 'dy']]), 'x'); // prettier-ignore
    expect(gradientAt(graph, gradient, [2], [1])).toEqual([3 * 4 + 2 * 2]);
  });

  it('hands a cotangent of the input itself through', () => {
    const graph = vectorGraph(2);
    const y = graph.op('Mul', ['x', graph.scalar(3)]);
    const gradient = appendBackward(graph, new Map([[y, 'dy'], ['x', 'dy']]), 'x'); // prettier-ignore
    expect(gradientAt(graph, gradient, [1, 1], [1, 2])).toEqual([4, 8]);
  });

  it('refuses seeds that do not depend on the input', () => {
    const graph = vectorGraph(2);
    const y = graph.op('Exp', [graph.constant(floatTensor([2], [1, 2]))]);
    expect(() => appendBackward(graph, new Map([[y, 'dy']]), 'x')).toThrow(MadderError);
  });

  it('can be appended twice to one graph, for different seeds', () => {
    const graph = vectorGraph(1);
    const square = graph.op('Mul', ['x', 'x']);
    const cube = graph.op('Mul', [square, 'x']);
    const first = appendBackward(graph, new Map([[square, 'dy']]), 'x');
    const second = appendBackward(graph, new Map([[cube, 'dy']]), 'x');
    expect(gradientAt(graph, first, [2], [1])).toEqual([4]);
    expect(gradientAt(graph, second, [2], [1])).toEqual([12]);
  });
});

describe('identityGradient', () => {
  it('passes the gradient through the named ReLU unchanged, and only through that one', () => {
    const graph = vectorGraph(3);
    const first = graph.op('Relu', ['x']);
    const second = graph.op('Relu', [graph.op('Sub', [first, graph.scalar(1)])]);
    const gradient = appendBackward(graph, new Map([[second, 'dy']]), 'x', { identityGradient: new Set([first]) });
    const both = new Set([first, second]);
    const through = appendBackward(graph, new Map([[second, 'dy']]), 'x', { identityGradient: both });
    expect(gradientAt(graph, gradient, [-1, 0.5, 3], [1, 2, 4])).toEqual([0, 0, 4]);
    expect(gradientAt(graph, through, [-1, 0.5, 3], [1, 2, 4])).toEqual([1, 2, 4]);
  });

  it.each([false, true])('holds behind a max pool too (blockedLayout %s)', (blockedLayout) => {
    const graph = new Graph();
    graph.input('x', 'float32', [1, 1, 2, 2]);
    graph.input('dy', 'float32', [1, 1, 1, 1]);
    const relu = graph.op('Relu', ['x']);
    const y = graph.op('MaxPool', [relu], { kernel_shape: [2, 2], strides: [2, 2] });
    const options = { identityGradient: new Set([relu]), blockedLayout };
    const gradient = appendBackward(graph, new Map([[y, 'dy']]), 'x', options);
    // Every element is below zero, so all four tie at zero behind the ReLU and share what comes in.
    const feeds = { x: arrayOf([1, 1, 2, 2], [-1, -2, -3, -4]), dy: arrayOf([1, 1, 1, 1], [8]) };
    expect(Array.from(evaluate(graph, feeds, [gradient])[gradient]!.data)).toEqual([2, 2, 2, 2]);
  });
});
