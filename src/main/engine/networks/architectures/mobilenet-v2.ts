import { relativeWidth, TemplateBuilder, type Architecture } from './builder.ts';
import type { StateDict } from './state-dict.ts';

/** Sandler et al. 2018, table 2: blocks per stage, and the stride of the first of them. */
const STAGES = [
  { blocks: 1, stride: 1 },
  { blocks: 2, stride: 2 },
  { blocks: 3, stride: 2 },
  { blocks: 4, stride: 2 },
  { blocks: 3, stride: 1 },
  { blocks: 3, stride: 2 },
  { blocks: 1, stride: 1 },
];

/** MobileNet V2 as torchvision saves it, of any width. Its layers are torchvision's modules, `features.0` to `features.18`. */
export const mobilenetV2: Architecture = {
  recognise: (state) =>
    state.has('features.0.0.weight') && state.has('features.1.conv.0.0.weight') ? 'mobilenet_v2' : undefined,
  width: (state) => relativeWidth(state, 'features.0.0.weight', 32),
  // Strides without pooling leave a grain, as in SqueezeNet, from which these weights are taken.
  suggested: { styleWeight: 1, contentWeight: 0.15, variationWeight: 1, optimizer: 'adam' },
  build(state, normalization) {
    const builder = new TemplateBuilder(state, normalization, 'mobilenet_v2');
    const unit = (x: string, name: string, window: { kernel: number; stride?: number; pad?: number }) => {
      const source = { key: `${name}.0`, norm: `${name}.1`, ...window };
      return builder.relu6(builder.conv(x, `${name}.pre`, source, 'pre-activation'), name, 'activation');
    };
    let x = unit(builder.start, 'features.0', { kernel: 3, stride: 2, pad: 1 });
    let index = 1;
    for (const { blocks, stride } of STAGES) {
      for (let b = 0; b < blocks; b++) {
        x = invertedResidual(builder, state, x, `features.${index++}`, b === 0 ? stride : 1);
      }
    }
    unit(x, `features.${index}`, { kernel: 1 });
    // The last block of each size, and the stem.
    return builder.finish(['features.0', 'features.3', 'features.6', 'features.13', 'features.18'], ['features.10']);
  },
};

/**
 * Expansion by a 1x1 convolution (not in the first block), a depthwise 3x3 convolution, and a 1x1 convolution back to few
 * channels without activation, to which x is added where the shapes agree.
 */
function invertedResidual(builder: TemplateBuilder, state: StateDict, x: string, name: string, stride: number): string {
  const expands = name !== 'features.1';
  const key = `${name}.conv`;
  let wide = x;
  if (expands) {
    wide = builder.conv(x, `${name}.expansion`, { key: `${key}.0.0`, norm: `${key}.0.1`, kernel: 1 });
    wide = builder.relu6(wide, `${name}.expansion.relu`);
  }
  const place = expands ? 1 : 0;
  const depthwise = { key: `${key}.${place}.0`, norm: `${key}.${place}.1`, kernel: 3, pad: 1, stride, grouped: true };
  wide = builder.relu6(builder.conv(wide, `${name}.depthwise`, depthwise), `${name}.depthwise.relu`);
  const narrow = { key: `${key}.${place + 1}`, norm: `${key}.${place + 2}`, kernel: 1 };
  const isResidual = stride === 1 && state.dims(`${narrow.key}.weight`)?.[0] === builder.channels(x);
  if (!isResidual) return builder.conv(wide, name, narrow, 'block');
  return builder.add(builder.conv(wide, `${name}.branch`, narrow), x, name, 'block');
}
