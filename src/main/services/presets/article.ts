import type { PresetInput } from '../../../shared/preset.ts';

/**
 * Nakano, "Adversarially Robust Neural Style Transfer", Distill 2019 (10.23915/distill.00019.4). Settings are those of
 * its notebook, which differ from its text in one place: VGG's layers are read before the ReLU.
 */
const CITATION =
  'Nakano, "A Discussion of \'Adversarial Examples Are Not Bugs, They Are Features\': Adversarially Robust Neural Style Transfer", Distill 2019';

/** Of Restricted ImageNet, in the notebook for all three networks (MadryLab/robustness, datasets.py). */
const RESTRICTED_IMAGENET = {
  mean: [0.4717, 0.4499, 0.3837],
  std: [0.26, 0.2516, 0.2575],
  channels: 'RGB',
  scale: 1,
} satisfies NonNullable<NonNullable<PresetInput['networks']>['style']>['normalization'];

/** torch.optim.LBFGS as it comes, the picture clamped in the closure; one size, the short side of 512 px. */
export const published = (evaluations: number) =>
  ({
    schedule: { size: 512, side: 'short', levels: [{ factor: 1, evaluations }] },
    optimizer: { kind: 'lbfgs', lineSearch: 'none', history: 100 },
    init: { kind: 'content' },
  }) satisfies Partial<PresetInput>;

const resnet = (style: number) =>
  ({
    networkArchitecture: 'resnet50',
    networks: {
      // The notebook calls the last stage with fake_relu=True.
      style: { normalization: RESTRICTED_IMAGENET, rewrites: [{ identityGradient: ['relu5_x'] }] },
    },
    objective: {
      normalization: 'mean',
      style,
      content: 1,
      variation: 0,
      variationL1: 0,
      styleLayers: { relu2_x: 1, relu3_x: 1, relu4_x: 1, relu5_x: 1 },
      contentLayers: { relu4_x: 1 },
    },
  }) satisfies Partial<PresetInput>;

export const nakanoVgg19: PresetInput = {
  version: 1,
  name: 'Nakano 2019, VGG-19',
  description: 'The classic look that the article measures the others by: flowing strokes, colours that stay clean.',
  citation: CITATION,
  notes: ["The article's grid of pictures also has style weights of 1e4 to 1e10, by tens."],
  networkArchitecture: 'vgg19',
  networks: { style: { normalization: RESTRICTED_IMAGENET, rewrites: [{ pooling: { kind: 'average' } }] } },
  objective: {
    normalization: 'mean',
    style: 4e6,
    content: 1,
    variation: 0,
    variationL1: 0,
    styleLayers: { conv1_1: 1, conv2_1: 1, conv3_1: 1, conv4_1: 1, conv5_1: 1 },
    contentLayers: { conv4_2: 1 },
  },
  ...published(100),
};

export const nakanoRobustResnet50: PresetInput = {
  version: 1,
  name: 'Nakano 2019, robust ResNet-50',
  description: 'What the article is about: a robust eye paints as well as VGG, with bolder shapes.',
  citation: CITATION,
  notes: [
    'Made for the robust ResNet-50 of Restricted ImageNet (Engstrom 2019); the grid of pictures also has style weights of 1e8 to 1e11, by tens.',
  ],
  ...resnet(1e9),
  ...published(300),
};

export const nakanoResnet50: PresetInput = {
  version: 1,
  name: 'Nakano 2019, standard ResNet-50',
  description:
    "The article's counterexample: the same recipe with an ordinary eye, which sees grain where a painter sees strokes.",
  citation: CITATION,
  notes: ["The article's grid of pictures has the style weight 1e14 instead."],
  ...resnet(1e17),
  ...published(500),
};
