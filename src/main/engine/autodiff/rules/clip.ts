import { numbersOf } from '../../../../shared/tensor.ts';
import { elementwise } from '../elementwise.ts';
import { above, below } from '../emit.ts';

/** 1[low < x < high] */
export const clipGradient = elementwise((graph, x, _y, { node }) => {
  const bound = (i: number) => {
    const tensor = node.inputs[i] ? graph.tensor(node.inputs[i]) : undefined;
    return tensor ? numbersOf(tensor)[0] : undefined;
  };
  const low = bound(1);
  const high = bound(2);
  const masks = [
    ...(low !== undefined && low > -3e38 ? [above(graph, x, low)] : []),
    ...(high !== undefined && high < 3e38 ? [below(graph, x, high)] : []),
  ];
  if (masks.length === 0) return graph.scalar(1);
  return masks.reduce((a, b) => graph.op('Mul', [a, b]));
});
