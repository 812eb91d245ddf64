import { IMAGENET_NORMALIZATION } from '../../../../shared/network-manifest.ts';
import { alexnet } from './alexnet.ts';
import type { Architecture } from './builder.ts';
import { densenet } from './densenet.ts';
import { googlenet } from './googlenet.ts';
import { mnasnet } from './mnasnet.ts';
import { mobilenetV2 } from './mobilenet-v2.ts';
import { plain } from './plain.ts';
import { resnet } from './resnet.ts';
import { shufflenetV2 } from './shufflenet-v2.ts';
import { squeezenet } from './squeezenet.ts';
import type { StateDict } from './state-dict.ts';
import { vgg } from './vgg.ts';

/** SqueezeNet comes before VGG, whose first convolution looks the same. */
const ARCHITECTURES: readonly Architecture[] = [
  plain,
  squeezenet,
  alexnet,
  vgg,
  resnet,
  googlenet,
  densenet,
  mobilenetV2,
  shufflenetV2,
  mnasnet,
];

export interface Recognised {
  /** The member of its family, such as `densenet161`. */
  readonly id: string;
  /** Channels relative to the published member, 1 for itself; undefined where there is no published one. */
  readonly width: number | undefined;
  readonly architecture: Architecture;
}

/**
 * The architecture that the names and shapes of weights belong to, and which member of the family they are.
 * @throws MadderError `network` where they belong to none that Madder builds
 */
export function recognise(state: StateDict): Recognised {
  for (const architecture of ARCHITECTURES) {
    const id = architecture.recognise(state);
    if (id !== undefined) return { id, width: architecture.width(state), architecture };
  }
  const first = [...state.tensors.keys()].slice(0, 3).map((name) => `"${name}"`);
  const known = 'VGG, AlexNet, SqueezeNet, ResNet, GoogLeNet, DenseNet, MobileNet V2, ShuffleNet V2, MnasNet';
  return state.refuse(
    `is none of the architectures that Madder builds from weights (${known}): it holds ${first.join(', ')}`,
  );
}

/** What to show of weights that were recognised: `densenet161`, or `resnet18 (width 0.75)`. */
export function recognisedName({ id, width }: Pick<Recognised, 'id' | 'width'>): string {
  return width === undefined || width === 1 ? id : `${id} (width ${Number(width.toPrecision(3))})`;
}

/**
 * Names of the tensors that building the network leaves over, other than those of classifiers and counters, to be shown.
 * @throws MadderError `network` where the network cannot be built
 */
export function unusedTensors(state: StateDict): readonly string[] {
  return recognise(state).architecture.build(state, IMAGENET_NORMALIZATION).unused ?? [];
}
