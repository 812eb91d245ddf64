import { TemplateBuilder, type Architecture } from './builder.ts';
import type { StateDict } from './state-dict.ts';

/**
 * The pattern of VGG under its layers' own names (`conv1_1.weight`), batch normalization folded, any number of 3x3
 * convolutions per stage, 2x2 average pooling between stages.
 */
export const plain: Architecture = {
  recognise: (state) => (state.has('conv1_1.weight') ? 'plain' : undefined),
  width: () => undefined,
  build(state, normalization) {
    const builder = new TemplateBuilder(state, normalization, 'plain');
    let x = builder.start;
    for (const [s, size] of stageSizes(state).entries()) {
      if (s > 0) x = builder.pool(x, `pool${s}`, { kernel: 2, stride: 2, kind: 'AveragePool' });
      for (let i = 1; i <= size; i++) {
        const place = `${s + 1}_${i}`;
        x = builder.conv(x, `conv${place}`, { key: `conv${place}`, kernel: 3, pad: 1 }, 'pre-activation');
        x = builder.relu(x, `relu${place}`, 'activation');
      }
    }
    return builder.finish(['relu1_1', 'relu2_1', 'relu3_1', 'relu4_1', 'relu5_1'], ['relu4_2']);
  },
};

/** Convolutions per stage; the highest number that occurs counts, so that a missing one is noticed when it is taken. */
function stageSizes(state: StateDict): number[] {
  const sizes: number[] = [];
  for (let stage = 1; ; stage++) {
    const last = state.indices(`conv${stage}_`, '.weight').at(-1);
    if (last === undefined) return sizes;
    sizes.push(last);
  }
}
