import type { PresetInput } from '../../../shared/preset.ts';

/** What Caffe's VGG-19 wants: bytes in the order blue, green, red, less their means. */
const CAFFE = {
  mean: [103.939, 116.779, 123.68],
  std: [1, 1, 1],
  channels: 'BGR',
  scale: 255,
} satisfies NonNullable<NonNullable<PresetInput['networks']>['style']>['normalization'];

const CAFFE_NOTE =
  "The weights have to be Caffe's VGG-19: those of torchvision expect other colours and give other pictures.";

/** Gatys, Ecker, Bethge, "A Neural Algorithm of Artistic Style", arXiv 1508.06576. */
export const gatys2015: PresetInput = {
  version: 1,
  name: 'Gatys 2015',
  description: 'The picture that started it all: from noise to strokes, slowly, with soft transitions.',
  citation: 'Gatys, Ecker, Bethge, "A Neural Algorithm of Artistic Style", arXiv 1508.06576 (2015)',
  notes: [
    CAFFE_NOTE,
    'The paper does not name the optimizer, the number of evaluations and the size: they are L-BFGS with line search, 500 and 512 px here.',
    "The paper's ratio of content to style is between 1e-3 and 1e-4; for its network the weights were scaled so that every activation averages 1, and with others the balance shifts.",
  ],
  networkArchitecture: 'vgg19',
  networks: { style: { normalization: CAFFE, rewrites: [{ pooling: { kind: 'average' } }] } },
  objective: {
    normalization: 'gatys2015',
    style: 1e3,
    content: 1,
    variation: 0,
    variationL1: 0,
    styleLayers: { relu1_1: 0.2, relu2_1: 0.2, relu3_1: 0.2, relu4_1: 0.2, relu5_1: 0.2 },
    contentLayers: { relu4_2: 1 },
  },
  schedule: { size: 512, side: 'long', levels: [{ factor: 1, evaluations: 500 }] },
  optimizer: { kind: 'lbfgs', lineSearch: 'strong-wolfe', history: 100 },
  init: { kind: 'noise' },
};

/**
 * neural-style adds w (2 x - right neighbour - lower neighbour) to the gradient, x in 0 to 255, and nothing to the loss.
 * That is the gradient of w/2 Σ d² over all 3·H·W values; ours is the mean of d² with x in 0 to 1.
 */
const neuralStyleVariation = (w: number, width: number, height: number): number =>
  (w / 2) * 255 ** 2 * 3 * width * height;

export const neuralStyle: PresetInput = {
  version: 1,
  name: 'neural-style',
  description: 'The defaults that a generation of pictures was made with: crisp strokes, grown out of noise.',
  citation: 'Johnson, neural-style, github.com/jcjohnson/neural-style (2015)',
  notes: [
    CAFFE_NOTE,
    'neural-style smooths by a gradient of its own, -tv_weight 1e-3; for 512 x 384 pixels that is a variation weight of 1.92e7 here, and for other sizes 97.5 times the number of pixels.',
    'neural-style starts from noise a thousandth of a grey level strong around the mean colour and clamps only at the end; here the noise is visible and every evaluation is clamped.',
  ],
  networkArchitecture: 'vgg19',
  networks: { style: { normalization: CAFFE, rewrites: [{ pooling: { kind: 'max' } }] } },
  objective: {
    normalization: 'mean',
    style: 1e2,
    content: 5,
    variation: neuralStyleVariation(1e-3, 512, 384),
    variationL1: 0,
    styleLayers: { relu1_1: 1, relu2_1: 1, relu3_1: 1, relu4_1: 1, relu5_1: 1 },
    contentLayers: { relu4_2: 1 },
  },
  schedule: { size: 512, side: 'long', levels: [{ factor: 1, evaluations: 1000 }] },
  optimizer: { kind: 'lbfgs', lineSearch: 'none', history: 100 },
  init: { kind: 'noise' },
};
