import type { PresetInput } from '../../../shared/preset.ts';
import { published } from './article.ts';

/** The authors' reply in the same discussion: AlexNet, whose first layers are nearly as robust, paints as well. */
export const replyAlexnet: PresetInput = {
  version: 1,
  name: 'Distill 2019 reply, AlexNet',
  description: 'An old, small eye whose first layers are nearly robust: large, simple patches of colour.',
  citation: 'Engstrom et al., "A Discussion of \'Adversarial Examples Are Not Bugs, They Are Features\'", Distill 2019',
  notes: [
    "The reply names the layers conv_1 to conv_4 and nothing else: the weights are of relative terms and, like the content layer, Madder's own; the optimizer and the size are the article's.",
  ],
  networkArchitecture: 'alexnet',
  networks: { style: { rewrites: [] } },
  objective: {
    normalization: 'relative',
    style: 1,
    content: 0.1,
    variation: 0,
    variationL1: 0,
    styleLayers: { conv_1: 1, conv_2: 1, conv_3: 1, conv_4: 1 },
    contentLayers: { conv_4: 1 },
  },
  ...published(300),
};
