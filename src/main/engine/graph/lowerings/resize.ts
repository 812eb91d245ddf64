import { numbersOf } from '../../../../shared/tensor.ts';
import { linearAlong } from '../../autodiff/emit.ts';
import { resizeMatrix } from '../resize-weights.ts';
import { intAttribute, stringAttribute } from '../shapes.ts';
import type { Lowering } from './lowering.ts';

/** Cubic or antialiased resizing: one constant matrix per axis. Nearest and linear are portable as they are. */
export const resize: Lowering = (graph, [x, , scalesInput, sizesInput], node) => {
  const mode = stringAttribute(node, 'mode', 'nearest');
  const antialiases = mode === 'linear' && intAttribute(node, 'antialias', 0) !== 0;
  if (mode !== 'cubic' && !antialiases) return undefined;
  const from = graph.dims(x!);
  const sizes = sizesInput ? numbersOf(graph.tensor(sizesInput)!) : [];
  const scales = scalesInput ? numbersOf(graph.tensor(scalesInput)!) : [];
  return from.reduce((value, size, axis) => {
    const length = sizes[axis] ?? Math.floor(Math.fround(size * scales[axis]!));
    const factor = sizes.length > 0 ? Math.fround(length / size) : scales[axis]!;
    if (factor === 1) return value;
    return linearAlong(graph, value, axis, resizeMatrix(node, size, length, factor), length);
  }, x!);
};
