import { relativeWidth, TemplateBuilder, type Architecture } from './builder.ts';
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
 * A first convolution of 3 pixels makes it one for small pictures (CIFAR), which neither strides nor pools before its
 * first block.
 */
export const resnet: Architecture = {
  recognise(state) {
    if (!state.has('conv1.weight') || !state.has('layer1.0.conv1.weight')) return undefined;
    const kernel = kernelOf(state);
    if (kernel !== 7 && kernel !== 3) {
      state.refuse(`begins with a convolution of ${kernel} pixels, a ResNet that Madder cannot build`);
    }
    return memberOf(state);
  },
  width(state) {
    const stages = stageSizes(state).length;
    // He et al. 2015, section 4.2: the three stages for CIFAR begin with 16 channels.
    const first = kernelOf(state) === 3 && stages === 3 ? 16 : 64;
    if (!isBottleneck(state)) return relativeWidth(state, 'layer1.0.conv2.weight', first);
    return relativeWidth(state, 'layer1.0.conv3.weight', 4 * first);
  },
  build(state, normalization) {
    const builder = new TemplateBuilder(state, normalization, memberOf(state));
    const folded = state.has('conv1.bias');
    const small = kernelOf(state) === 3;
    const stem = { key: 'conv1', norm: folded ? undefined : 'bn1' };
    const window = small ? { kernel: 3, pad: 1 } : { kernel: 7, stride: 2, pad: 3 };
    let x = builder.conv(builder.start, 'conv1', { ...stem, ...window }, 'pre-activation');
    x = builder.relu(x, 'relu1', 'activation');
    if (!small) x = builder.pool(x, 'pool1', { kernel: 3, stride: 2, pad: 1 });
    const blocks = { state, folded, projection: small ? projectionOf(state) : 'downsample' };
    for (const [s, size] of stageSizes(state).entries()) {
      for (let b = 0; b < size; b++) x = block(builder, blocks, x, `layer${s + 1}.${b}`, s > 0 && b === 0 ? 2 : 1);
      builder.rename(x, `relu${s + 2}_x`);
    }
    return small
      ? builder.finish(['relu1', 'relu2_x', 'relu3_x', 'relu4_x', 'relu5_x'], ['relu3_x'])
      : builder.finish(['relu2_x', 'relu3_x', 'relu4_x', 'relu5_x'], ['relu4_x']);
  },
};

const kernelOf = (state: StateDict): number | undefined => state.dims('conv1.weight')?.at(-1);

const isBottleneck = (state: StateDict): boolean => state.has('layer1.0.conv3.weight');

function memberOf(state: StateDict): string {
  const sizes = stageSizes(state);
  const blocks = sizes.join();
  const bottleneck = isBottleneck(state);
  if (kernelOf(state) === 3) {
    const depth = (bottleneck ? 3 : 2) * sizes.reduce((n, size) => n + size, 0) + 2;
    const known = sizes.length === 3 || (bottleneck ? BOTTLENECK : BASIC)[blocks] !== undefined;
    return known ? `cifar_resnet${depth}` : 'cifar_resnet';
  }
  if (!bottleneck) return BASIC[blocks] ?? 'resnet';
  const member = BOTTLENECK[blocks] ?? 'resnet';
  const [width, perGroup] = state.dims('layer1.0.conv2.weight') ?? [];
  if (width !== perGroup) return `${member.replace('resnet', 'resnext')}_${width! / perGroup!}x${perGroup}d`;
  // A bottleneck is a quarter as wide as its block; in wide ResNets 2 (Zagoruyko & Komodakis 2016) or 4 quarters.
  const quarters = (4 * width!) / state.dims('layer1.0.conv3.weight')![0]!;
  return quarters === 1 ? member : `wide_${member}_${quarters}`;
}

/** What blocks call the convolution of their shortcut; undefined where shortcuts have no weights at all. */
const projectionOf = (state: StateDict): string | undefined =>
  ['downsample', 'shortcut'].find((name) => [...state.tensors.keys()].some((key) => key.includes(`.0.${name}.`)));

/** Blocks per stage; the highest number that occurs counts, so that a missing block is noticed when it is built. */
function stageSizes(state: StateDict): number[] {
  const sizes: number[] = [];
  for (let stage = 1; ; stage++) {
    const last = state.indices(`layer${stage}.`, '.conv1.weight').at(-1);
    if (last === undefined) return sizes;
    sizes.push(last + 1);
  }
}

interface Blocks {
  readonly state: StateDict;
  readonly folded: boolean;
  readonly projection: string | undefined;
}

/**
 * relu(branch(x) + shortcut(x)), the sum being the layer `NAME.sum`. The stride sits on the 3x3 convolution, in
 * bottlenecks too (torchvision's "version 1.5"), and on the shortcut. Where shapes change the shortcut is a 1x1 convolution
 * (option B of He et al. 2015, section 4.1), or takes every other position and adds channels of zeros (option A).
 */
function block(builder: TemplateBuilder, blocks: Blocks, x: string, name: string, stride: number): string {
  const { state, folded, projection } = blocks;
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
  const down = `${name}.${projection ?? 'shortcut'}`;
  if (projection === undefined) {
    const output = builder.channels(branch);
    if (stride > 1 || output !== builder.channels(x)) shortcut = builder.subsample(x, down, stride, output);
  } else if (stride > 1 || state.has(`${down}.weight`) || state.has(`${down}.0.weight`)) {
    const source = folded ? { key: down } : { key: `${down}.0`, norm: `${down}.1` };
    shortcut = builder.conv(x, down, { ...source, kernel: 1, stride });
  }
  return builder.relu(builder.add(branch, shortcut, `${name}.sum`, 'pre-activation'), name, 'block');
}
