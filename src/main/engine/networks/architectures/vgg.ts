import { relativeWidth, TemplateBuilder, type Architecture } from './builder.ts';
import type { StateDict } from './state-dict.ts';

/** Simonyan & Zisserman 2014, table 1: convolutions per stage. */
const MEMBERS: Readonly<Record<string, string>> = {
  '1,1,2,2,2': 'vgg11',
  '2,2,2,2,2': 'vgg13',
  '2,2,3,3,3': 'vgg16',
  '2,2,4,4,4': 'vgg19',
};

/** VGG as torchvision saves it (`features.N.weight`), with batch normalization or without, of any width. */
export const vgg: Architecture = {
  recognise: (state) => (state.dims('features.0.weight')?.[2] === 3 ? memberOf(state) : undefined),
  width: (state) => relativeWidth(state, 'features.0.weight', 64),
  build(state, normalization) {
    const builder = new TemplateBuilder(state, normalization, memberOf(state));
    const norm = hasNorm(state);
    let x = builder.start;
    stagesOf(state).forEach((stage, s) => {
      stage.forEach((index, i) => {
        const place = `${s + 1}_${i + 1}`;
        const keys = { key: `features.${index}`, norm: norm ? `features.${index + 1}` : undefined };
        x = builder.conv(x, `conv${place}`, { ...keys, kernel: 3, pad: 1 }, 'pre-activation');
        x = builder.relu(x, `relu${place}`, 'activation');
      });
      x = builder.pool(x, `pool${s + 1}`, { kernel: 2, stride: 2 });
    });
    return builder.finish(['relu1_1', 'relu2_1', 'relu3_1', 'relu4_1', 'relu5_1'], ['relu4_2']);
  },
};

function memberOf(state: StateDict): string {
  const sizes = stagesOf(state).map((stage) => stage.length);
  const member = MEMBERS[sizes.join()] ?? 'vgg';
  return hasNorm(state) ? `${member}_bn` : member;
}

const hasNorm = (state: StateDict): boolean => state.has('features.1.running_var');

/**
 * Indices of the convolutions, by stage. In torchvision's list of modules a convolution is followed by (batch
 * normalization and) ReLU, and a stage by its pooling, so the gaps between the indices tell where stages end.
 */
function stagesOf(state: StateDict): number[][] {
  const step = hasNorm(state) ? 3 : 2;
  const convolutions = state
    .indices('features.', '.weight')
    .filter((i) => state.dims(`features.${i}.weight`)!.length > 1);
  const stages: number[][] = [[]];
  convolutions.forEach((index, k) => {
    const gap = k === 0 ? step : index - convolutions[k - 1]!;
    if (gap !== step && gap !== step + 1) {
      state.refuse(`lacks a convolution between "features.${convolutions[k - 1]}" and "features.${index}"`);
    }
    if (gap === step + 1) stages.push([]);
    stages.at(-1)!.push(index);
  });
  return stages;
}
