import { TemplateBuilder, type Architecture } from './builder.ts';
import type { StateDict } from './state-dict.ts';

/** He et al. 2015, table 1: blocks per stage. */
const BASIC: Readonly<Record<string, string>> = { '2,2,2,2': 'resnet18', '3,4,6,3': 'resnet34' };
const BOTTLENECK: Readonly<Record<string, string>> = {
  '3,4,6,3': 'resnet50',
  '3,4,23,3': 'resnet101',
  '3,8,36,3': 'resnet152',
};

/**
 * ResNet, ResNeXt and wide ResNet as torchvision saves them, with basic or bottleneck blocks, of any width and depth;
 * also with the batch normalization folded already (`conv1.bias` instead of `bn1`, `downsample` itself a convolution).
 */
export const resnet: Architecture = {
  recognise(state) {
    if (!state.has('conv1.weight') || !state.has('layer1.0.conv1.weight')) return undefined;
    const kernel = state.dims('conv1.weight')!.at(-1);
    if (kernel !== 7) {
      state.refuse(
        `begins with a convolution of ${kernel} pixels, a ResNet for small pictures that Madder cannot build`,
      );
    }
    const blocks = stageSizes(state).join();
    if (!isBottleneck(state)) return BASIC[blocks] ?? 'resnet';
    const member = BOTTLENECK[blocks] ?? 'resnet';
    const [width, perGroup] = state.dims('layer1.0.conv2.weight') ?? [];
    if (width !== perGroup) return `${member.replace('resnet', 'resnext')}_${width! / perGroup!}x${perGroup}d`;
    // A bottleneck is a quarter as wide as its block, in wide ResNets half.
    return state.dims('layer1.0.conv3.weight')![0] === 2 * width! ? `wide_${member}_2` : member;
  },
  build(state, normalization) {
    const builder = new TemplateBuilder(state, normalization);
    const folded = state.has('conv1.bias');
    const stem = { key: 'conv1', norm: folded ? undefined : 'bn1', kernel: 7, stride: 2, pad: 3 };
    let x = builder.conv(builder.start, 'conv1', stem, 'pre-activation');
    x = builder.relu(x, 'relu1', 'activation');
    x = builder.pool(x, 'pool1', { kernel: 3, stride: 2, pad: 1 });
    for (const [s, size] of stageSizes(state).entries()) {
      for (let b = 0; b < size; b++)
        x = block(builder, state, x, `layer${s + 1}.${b}`, s > 0 && b === 0 ? 2 : 1, folded);
      builder.rename(x, `relu${s + 2}_x`);
    }
    return builder.finish(['relu2_x', 'relu3_x', 'relu4_x', 'relu5_x'], ['relu4_x']);
  },
};

const isBottleneck = (state: StateDict): boolean => state.has('layer1.0.conv3.weight');

/** Blocks per stage; the highest number that occurs counts, so that a missing block is noticed when it is built. */
function stageSizes(state: StateDict): number[] {
  const sizes: number[] = [];
  for (let stage = 1; ; stage++) {
    const last = state.indices(`layer${stage}.`, '.conv1.weight').at(-1);
    if (last === undefined) return sizes;
    sizes.push(last + 1);
  }
}

/**
 * relu(branch(x) + shortcut(x)), the sum being the layer `NAME.sum`. The stride sits on the 3x3 convolution, in
 * bottlenecks too (torchvision's "version 1.5"), and on the shortcut's 1x1 convolution.
 */
function block(
  builder: TemplateBuilder,
  state: StateDict,
  x: string,
  name: string,
  stride: number,
  folded: boolean,
): string {
  const keys = (i: number) => ({ key: `${name}.conv${i}`, norm: folded ? undefined : `${name}.bn${i}` });
  let branch: string;
  if (isBottleneck(state)) {
    branch = builder.relu(builder.conv(x, `${name}.conv1`, { ...keys(1), kernel: 1 }), `${name}.relu1`);
    branch = builder.conv(branch, `${name}.conv2`, { ...keys(2), kernel: 3, pad: 1, stride, grouped: true });
    branch = builder.conv(builder.relu(branch, `${name}.relu2`), `${name}.conv3`, { ...keys(3), kernel: 1 });
  } else {
    branch = builder.conv(x, `${name}.conv1`, { ...keys(1), kernel: 3, pad: 1, stride });
    branch = builder.conv(builder.relu(branch, `${name}.relu1`), `${name}.conv2`, { ...keys(2), kernel: 3, pad: 1 });
  }
  let shortcut = x;
  const down = `${name}.downsample`;
  if (stride > 1 || state.has(`${down}.weight`) || state.has(`${down}.0.weight`)) {
    const source = folded ? { key: down } : { key: `${down}.0`, norm: `${down}.1` };
    shortcut = builder.conv(x, down, { ...source, kernel: 1, stride });
  }
  return builder.relu(builder.add(branch, shortcut, `${name}.sum`, 'pre-activation'), name, 'block');
}
