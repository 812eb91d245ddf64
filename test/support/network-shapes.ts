/** Names and shapes of published networks' weights as torchvision saves them, classifiers left out. */
export type Shapes = Map<string, readonly number[]>;

class Builder {
  readonly shapes: Shapes = new Map();

  conv(key: string, output: number, input: number, kernel: number, bias = false): this {
    this.shapes.set(`${key}.weight`, [output, input, kernel, kernel]);
    if (bias) this.shapes.set(`${key}.bias`, [output]);
    return this;
  }

  norm(key: string, channels: number): this {
    for (const part of ['weight', 'bias', 'running_mean', 'running_var']) this.shapes.set(`${key}.${part}`, [channels]);
    this.shapes.set(`${key}.num_batches_tracked`, []);
    return this;
  }
}

const STAGES: Readonly<Record<string, readonly number[]>> = { vgg16: [2, 2, 3, 3, 3], vgg19: [2, 2, 4, 4, 4] };

export function vgg(member: 'vgg16' | 'vgg19', norm = false): Shapes {
  const builder = new Builder();
  let [index, input] = [0, 3];
  STAGES[member]!.forEach((size, s) => {
    const channels = Math.min(512, 64 * 2 ** s);
    for (let i = 0; i < size; i++) {
      builder.conv(`features.${index}`, channels, input, 3, true);
      if (norm) builder.norm(`features.${index + 1}`, channels);
      index += norm ? 3 : 2;
      input = channels;
    }
    index++;
  });
  return builder.shapes;
}

export function alexnet(): Shapes {
  const builder = new Builder();
  const widths = [64, 192, 384, 256, 256];
  [0, 3, 6, 8, 10].forEach((index, i) => {
    builder.conv(`features.${index}`, widths[i]!, widths[i - 1] ?? 3, [11, 5, 3, 3, 3][i]!, true);
  });
  return builder.shapes;
}

export function squeezenet(): Shapes {
  const builder = new Builder().conv('features.0', 64, 3, 3, true);
  let input = 64;
  [3, 4, 6, 7, 9, 10, 11, 12].forEach((index, i) => {
    const squeezed = 16 * (1 + Math.floor(i / 2));
    const key = `features.${index}`;
    builder.conv(`${key}.squeeze`, squeezed, input, 1, true);
    builder.conv(`${key}.expand1x1`, 4 * squeezed, squeezed, 1, true);
    builder.conv(`${key}.expand3x3`, 4 * squeezed, squeezed, 3, true);
    input = 8 * squeezed;
  });
  return builder.shapes;
}

/** @param base channels of the 3x3 convolutions of the first stage; `groups` of them are connected */
export function resnet(blocks: readonly number[], bottleneck: boolean, base = 64, groups = 1): Shapes {
  const builder = new Builder().conv('conv1', 64, 3, 7).norm('bn1', 64);
  let input = 64;
  blocks.forEach((size, s) => {
    const width = base * 2 ** s;
    const output = bottleneck ? 256 * 2 ** s : width;
    for (let b = 0; b < size; b++) {
      const key = `layer${s + 1}.${b}`;
      if (bottleneck) {
        builder.conv(`${key}.conv1`, width, input, 1).norm(`${key}.bn1`, width);
        builder.conv(`${key}.conv2`, width, width / groups, 3).norm(`${key}.bn2`, width);
        builder.conv(`${key}.conv3`, output, width, 1).norm(`${key}.bn3`, output);
      } else {
        builder.conv(`${key}.conv1`, width, input, 3).norm(`${key}.bn1`, width);
        builder.conv(`${key}.conv2`, width, width, 3).norm(`${key}.bn2`, width);
      }
      if (input !== output) {
        builder.conv(`${key}.downsample.0`, output, input, 1).norm(`${key}.downsample.1`, output);
      }
      input = output;
    }
  });
  return builder.shapes;
}

export function googlenet(): Shapes {
  const builder = new Builder();
  const unit = (key: string, output: number, input: number, kernel: number) =>
    builder.conv(`${key}.conv`, output, input, kernel).norm(`${key}.bn`, output);
  unit('conv1', 64, 3, 7);
  unit('conv2', 64, 64, 1);
  unit('conv3', 192, 64, 3);
  const modules: Record<string, number[]> = {
    '3a': [192, 64, 96, 128, 16, 32, 32],
    '3b': [256, 128, 128, 192, 32, 96, 64],
    '4a': [480, 192, 96, 208, 16, 48, 64],
    '4b': [512, 160, 112, 224, 24, 64, 64],
    '4c': [512, 128, 128, 256, 24, 64, 64],
    '4d': [512, 112, 144, 288, 32, 64, 64],
    '4e': [528, 256, 160, 320, 32, 128, 128],
    '5a': [832, 256, 160, 320, 32, 128, 128],
    '5b': [832, 384, 192, 384, 48, 128, 128],
  };
  for (const [name, sizes] of Object.entries(modules)) {
    const [input, one, threeIn, three, fiveIn, five, pooled] = sizes as [number, ...number[]] as number[];
    const key = `inception${name}`;
    unit(`${key}.branch1`, one!, input!, 1);
    unit(`${key}.branch2.0`, threeIn!, input!, 1);
    unit(`${key}.branch2.1`, three!, threeIn!, 3);
    unit(`${key}.branch3.0`, fiveIn!, input!, 1);
    unit(`${key}.branch3.1`, five!, fiveIn!, 3);
    unit(`${key}.branch4.1`, pooled!, input!, 1);
  }
  return builder.shapes;
}

export function densenet161(): Shapes {
  const growth = 48;
  const builder = new Builder().conv('features.conv0', 96, 3, 7).norm('features.norm0', 96);
  let channels = 96;
  [6, 12, 36, 24].forEach((size, b) => {
    for (let l = 1; l <= size; l++) {
      const key = `features.denseblock${b + 1}.denselayer${l}`;
      builder.norm(`${key}.norm.1`, channels).conv(`${key}.conv.1`, 4 * growth, channels, 1);
      builder.norm(`${key}.norm.2`, 4 * growth).conv(`${key}.conv.2`, growth, 4 * growth, 3);
      channels += growth;
    }
    if (b === 3) return;
    const key = `features.transition${b + 1}`;
    builder.norm(`${key}.norm`, channels).conv(`${key}.conv`, channels / 2, channels, 1);
    channels /= 2;
  });
  return builder.norm('features.norm5', channels).shapes;
}

export function mobilenetV2(): Shapes {
  const builder = new Builder().conv('features.0.0', 32, 3, 3).norm('features.0.1', 32);
  let [index, input] = [1, 32];
  for (const [expansion, output, blocks] of [
    [1, 16, 1],
    [6, 24, 2],
    [6, 32, 3],
    [6, 64, 4],
    [6, 96, 3],
    [6, 160, 3],
    [6, 320, 1],
  ] as const) {
    for (let b = 0; b < blocks; b++) {
      const key = `features.${index++}.conv`;
      const wide = expansion * input;
      if (expansion > 1) builder.conv(`${key}.0.0`, wide, input, 1).norm(`${key}.0.1`, wide);
      const place = expansion > 1 ? 1 : 0;
      builder.conv(`${key}.${place}.0`, wide, 1, 3).norm(`${key}.${place}.1`, wide);
      builder.conv(`${key}.${place + 1}`, output, wide, 1).norm(`${key}.${place + 2}`, output);
      input = output;
    }
  }
  return builder.conv('features.18.0', 1280, 320, 1).norm('features.18.1', 1280).shapes;
}

export function shufflenetV2(): Shapes {
  const builder = new Builder().conv('conv1.0', 24, 3, 3).norm('conv1.1', 24);
  let input = 24;
  for (const [stage, output, units] of [
    [2, 116, 4],
    [3, 232, 8],
    [4, 464, 4],
  ] as const) {
    const half = output / 2;
    for (let u = 0; u < units; u++) {
      const key = `stage${stage}.${u}`;
      if (u === 0) {
        builder.conv(`${key}.branch1.0`, input, 1, 3).norm(`${key}.branch1.1`, input);
        builder.conv(`${key}.branch1.2`, half, input, 1).norm(`${key}.branch1.3`, half);
      }
      builder.conv(`${key}.branch2.0`, half, u === 0 ? input : half, 1).norm(`${key}.branch2.1`, half);
      builder.conv(`${key}.branch2.3`, half, 1, 3).norm(`${key}.branch2.4`, half);
      builder.conv(`${key}.branch2.5`, half, half, 1).norm(`${key}.branch2.6`, half);
    }
    input = output;
  }
  return builder.conv('conv5.0', 1024, 464, 1).norm('conv5.1', 1024).shapes;
}

export function mnasnet(): Shapes {
  const builder = new Builder().conv('layers.0', 32, 3, 3).norm('layers.1', 32);
  builder.conv('layers.3', 32, 1, 3).norm('layers.4', 32).conv('layers.6', 16, 32, 1).norm('layers.7', 16);
  let input = 16;
  [
    [24, 3, 3, 3],
    [40, 5, 3, 3],
    [80, 5, 6, 3],
    [96, 3, 6, 2],
    [192, 5, 6, 4],
    [320, 3, 6, 1],
  ].forEach(([output, kernel, expansion, blocks], s) => {
    for (let b = 0; b < blocks!; b++) {
      const key = `layers.${8 + s}.${b}.layers`;
      const wide = expansion! * input;
      builder.conv(`${key}.0`, wide, input, 1).norm(`${key}.1`, wide);
      builder.conv(`${key}.3`, wide, 1, kernel!).norm(`${key}.4`, wide);
      builder.conv(`${key}.6`, output!, wide, 1).norm(`${key}.7`, output!);
      input = output!;
    }
  });
  return builder.conv('layers.14', 1280, 320, 1).norm('layers.15', 1280).shapes;
}

/** By the architecture's name in descriptions of networks. */
export const SHAPES: Readonly<Record<string, () => Shapes>> = {
  vgg16: () => vgg('vgg16'),
  vgg16_bn: () => vgg('vgg16', true),
  vgg19: () => vgg('vgg19'),
  alexnet,
  squeezenet1_1: squeezenet,
  googlenet,
  resnet18: () => resnet([2, 2, 2, 2], false),
  resnet50: () => resnet([3, 4, 6, 3], true),
  wide_resnet50_2: () => resnet([3, 4, 6, 3], true, 128),
  wide_resnet50_4: () => resnet([3, 4, 6, 3], true, 256),
  resnext50_32x4d: () => resnet([3, 4, 6, 3], true, 128, 32),
  densenet161,
  mobilenet_v2: mobilenetV2,
  shufflenet_v2_x1_0: shufflenetV2,
  mnasnet1_0: mnasnet,
};
