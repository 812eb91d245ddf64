import {
  Brush,
  Check,
  CircleMinus,
  CirclePlus,
  Contrast,
  Eraser,
  ImageUp,
  Lasso,
  PaintBucket,
  Repeat2,
  SquareX,
  type LucideIcon,
} from 'lucide-react';
import type { Program } from '../app/program.ts';
import { chooseMask } from '../features/intake/choose.ts';
import { stepSize, swapped, type MaskTool } from '../features/masks/brush.ts';
import { deskOf } from '../features/masks/desk.ts';
import { define, type Action } from './action.ts';

const open = (program: Program): boolean => deskOf(program).ready;

const tool = (id: MaskTool, icon: LucideIcon, key: string): Action => ({
  group: 'mask',
  icon,
  shortcuts: [key],
  masking: true,
  enabled: open,
  active: ({ view }) => view.getState().brush.tool === id,
  run: ({ view }) => view.setState(({ brush }) => ({ brush: { ...brush, tool: id } })),
});

/** A brush that is a step smaller or larger. Keyboards that have no brackets have comma and full stop. */
const size = (step: -1 | 1, icon: LucideIcon, ...keys: readonly string[]): Action => ({
  group: 'mask',
  icon,
  shortcuts: keys,
  masking: true,
  enabled: open,
  run: ({ view }) => view.setState(({ brush }) => ({ brush: { ...brush, size: stepSize(brush.size, step) } })),
});

const work = (icon: LucideIcon, run: Action['run'], shortcuts: readonly string[] = []): Action => ({
  group: 'mask',
  icon,
  shortcuts,
  masking: true,
  enabled: open,
  run,
});

/** What a mask is painted with. */
export const maskActions = define({
  maskBrush: tool('brush', Brush, 'B'),
  maskEraser: tool('eraser', Eraser, 'E'),
  maskLasso: tool('lasso', Lasso, 'L'),
  maskSwap: work(Repeat2, ({ view }) => view.setState(({ brush }) => ({ brush: swapped(brush) })), ['X']),
  maskSmaller: size(-1, CircleMinus, 'BracketLeft', 'Comma'),
  maskLarger: size(1, CirclePlus, 'BracketRight', 'Period'),
  maskInvert: work(Contrast, (program) => deskOf(program).invert(), ['I']),
  maskFill: work(PaintBucket, (program) => deskOf(program).fill()),
  maskClear: work(SquareX, (program) => deskOf(program).clear()),
  maskLoad: work(ImageUp, chooseMask),
  maskDone: {
    ...work(Check, (program) => deskOf(program).close()),
    // It is heard only where nothing nearer to the person goes by it; see features/masks/mask-bar.tsx.
    browserShortcut: 'Escape',
  },
});
