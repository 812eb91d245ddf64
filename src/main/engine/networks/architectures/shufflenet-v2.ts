import { TemplateBuilder, type Architecture } from './builder.ts';
import type { StateDict } from './state-dict.ts';

/** Ma et al. 2018, table 5: channels of stage 2 for each published width. */
const MEMBERS: Readonly<Record<number, string>> = {
  48: 'shufflenet_v2_x0_5',
  116: 'shufflenet_v2_x1_0',
  176: 'shufflenet_v2_x1_5',
  244: 'shufflenet_v2_x2_0',
};

/** ShuffleNet V2 as torchvision saves it, of any width and number of units. */
export const shufflenetV2: Architecture = {
  recognise: (state) =>
    state.has('conv1.0.weight') && state.has('stage2.0.branch1.0.weight') ? memberOf(state) : undefined,
  width(state) {
    const channels = stageChannels(state);
    if (channels === undefined) return undefined;
    return memberOf(state) === 'shufflenet_v2' ? channels / 116 : 1;
  },
  // Strides and max pooling leave a grain, as in SqueezeNet, from which these weights are taken.
  suggested: { styleWeight: 1, contentWeight: 0.15, variationWeight: 1, optimizer: 'adam' },
  build(state, normalization) {
    const builder = new TemplateBuilder(state, normalization, memberOf(state));
    const stem = { key: 'conv1.0', norm: 'conv1.1', kernel: 3, stride: 2, pad: 1 };
    let x = builder.conv(builder.start, 'conv1.pre', stem, 'pre-activation');
    x = builder.relu(x, 'conv1', 'activation');
    x = builder.pool(x, 'maxpool', { kernel: 3, stride: 2, pad: 1 });
    for (const stage of ['stage2', 'stage3', 'stage4']) {
      const last = state.indices(`${stage}.`, '.branch2.0.weight').at(-1) ?? 0;
      for (let u = 0; u <= last; u++) x = unit(builder, x, `${stage}.${u}`, u === 0);
      builder.rename(x, stage);
    }
    x = builder.conv(x, 'conv5.pre', { key: 'conv5.0', norm: 'conv5.1', kernel: 1 }, 'pre-activation');
    builder.relu(x, 'conv5', 'activation');
    return builder.finish(['conv1', 'stage2', 'stage3', 'stage4', 'conv5'], ['stage3']);
  },
};

function stageChannels(state: StateDict): number | undefined {
  const half = state.dims('stage2.0.branch2.0.weight')?.[0];
  return half === undefined ? undefined : 2 * half;
}

const memberOf = (state: StateDict): string => MEMBERS[stageChannels(state) ?? 0] ?? 'shufflenet_v2';

/**
 * Half of the channels pass, the other half goes through a 1x1, a depthwise 3x3 and a 1x1 convolution, and both are
 * interleaved; a strided unit lets all channels through both branches, the first of which has convolutions too.
 */
function unit(builder: TemplateBuilder, x: string, name: string, isStrided: boolean): string {
  const stride = isStrided ? 2 : 1;
  const conv = (input: string, branch: string, i: number) =>
    builder.conv(input, `${name}.${branch}.${i}`, {
      key: `${name}.${branch}.${i}`,
      norm: `${name}.${branch}.${i + 1}`,
      kernel: 1,
    });
  const depthwise = (input: string, branch: string, i: number) =>
    builder.conv(input, `${name}.${branch}.${i}`, {
      key: `${name}.${branch}.${i}`,
      norm: `${name}.${branch}.${i + 1}`,
      kernel: 3,
      pad: 1,
      stride,
      grouped: true,
    });
  const relu = (input: string) => builder.relu(input, `${input}.relu`);
  let [first, second] = isStrided ? [x, x] : builder.halve(x, `${name}.halves`);
  if (isStrided) first = relu(conv(depthwise(first, 'branch1', 0), 'branch1', 2));
  second = relu(conv(second, 'branch2', 0));
  second = relu(conv(depthwise(second, 'branch2', 3), 'branch2', 5));
  return builder.shuffle(builder.concat([first, second], `${name}.joined`), name, 'block');
}
