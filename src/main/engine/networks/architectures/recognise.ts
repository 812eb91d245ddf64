import { alexnet } from './alexnet.ts';
import type { Architecture } from './builder.ts';
import { plain } from './plain.ts';
import { resnet } from './resnet.ts';
import { squeezenet } from './squeezenet.ts';
import type { StateDict } from './state-dict.ts';
import { vgg } from './vgg.ts';

/** SqueezeNet comes before VGG, whose first convolution looks the same. */
const ARCHITECTURES: readonly Architecture[] = [plain, squeezenet, alexnet, vgg, resnet];

/**
 * The architecture that the names and shapes of weights belong to, and which member of the family they are.
 * @throws MadderError `network` where they belong to none that Madder builds
 */
export function recognise(state: StateDict): { id: string; architecture: Architecture } {
  for (const architecture of ARCHITECTURES) {
    const id = architecture.recognise(state);
    if (id !== undefined) return { id, architecture };
  }
  const first = [...state.tensors.keys()].slice(0, 3).map((name) => `"${name}"`);
  const known = 'VGG, AlexNet, SqueezeNet, ResNet';
  return state.refuse(
    `is none of the architectures that Madder builds from weights (${known}): it holds ${first.join(', ')}`,
  );
}
