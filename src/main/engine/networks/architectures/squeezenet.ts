import { relativeWidth, TemplateBuilder, type Architecture } from './builder.ts';
import type { StateDict } from './state-dict.ts';

/** Places of the Fire modules in torchvision's list of modules; the numbers that are left out are poolings. */
const MEMBERS: Readonly<Record<string, string>> = {
  '3,4,5,7,8,9,10,12': 'squeezenet1_0',
  '3,4,6,7,9,10,11,12': 'squeezenet1_1',
};

/** Chosen by looking: the strided first layers carry grain, the middle ones strokes. */
const STYLE_WEIGHTS: Readonly<Record<string, number>> = {
  relu1: 0.3,
  fire2: 0.6,
  fire3: 1,
  fire5: 1,
  fire7: 1,
  fire9: 0.5,
};

const firesOf = (state: StateDict): number[] => state.indices('features.', '.squeeze.weight');

function memberOf(state: StateDict): string {
  const fires = firesOf(state).join();
  return MEMBERS[fires] ?? state.refuse(`has Fire modules at ${fires.replaceAll(',', ', ')}, as no SqueezeNet does`);
}

/** SqueezeNet 1.0 and 1.1 (Iandola et al. 2016) as torchvision saves them, of any width. */
export const squeezenet: Architecture = {
  recognise: (state) => (firesOf(state).length > 0 ? memberOf(state) : undefined),
  width: (state) => relativeWidth(state, 'features.0.weight', memberOf(state) === 'squeezenet1_0' ? 96 : 64),
  // Its early strides and max pools leave a fine grain that L-BFGS exploits; Adam's averaged iterates do not.
  suggested: { styleWeight: 1, contentWeight: 0.15, variationWeight: 1, optimizer: 'adam' },
  build(state, normalization) {
    const builder = new TemplateBuilder(state, normalization, memberOf(state));
    const kernel = state.dims('features.0.weight')?.[2] ?? 3; // 7 in version 1.0
    let x = builder.conv(builder.start, 'conv1', { key: 'features.0', kernel, stride: 2 }, 'pre-activation');
    x = builder.relu(x, 'relu1', 'activation');
    let previous = 1; // place of the module before, which is relu1
    firesOf(state).forEach((index, i) => {
      if (index - previous > 1) x = builder.pool(x, `pool${i + 1}`, { kernel: 3, stride: 2, ceil: true });
      x = fire(builder, x, `fire${i + 2}`, `features.${index}`);
      previous = index;
    });
    const template = builder.finish(Object.keys(STYLE_WEIGHTS), ['fire5']);
    const styleLayers = Object.keys(template.styleLayers).map((name) => [name, STYLE_WEIGHTS[name] ?? 1]);
    return { ...template, styleLayers: Object.fromEntries(styleLayers) as Record<string, number> };
  },
};

/**
 * Squeeze to few channels, then expand by 1x1 and 3x3 convolutions side by side. One ReLU after their concatenation
 * equals torchvision's two before it, and makes the value before the activation a layer.
 */
function fire(builder: TemplateBuilder, x: string, name: string, key: string): string {
  const squeezed = builder.conv(x, `${name}.squeeze.conv`, { key: `${key}.squeeze`, kernel: 1 });
  const active = builder.relu(squeezed, `${name}.squeeze`, 'activation');
  const narrow = builder.conv(active, `${name}.expand1x1`, { key: `${key}.expand1x1`, kernel: 1 });
  const wide = builder.conv(active, `${name}.expand3x3`, { key: `${key}.expand3x3`, kernel: 3, pad: 1 });
  return builder.relu(builder.concat([narrow, wide], `${name}.pre`, 'pre-activation'), name, 'block');
}
