import { relativeWidth, TemplateBuilder, type Architecture } from './builder.ts';

/** "One weird trick" AlexNet (Krizhevsky 2014) as in torchvision: convolutions and what follows them. */
const CONVOLUTIONS = [
  { index: 0, kernel: 11, stride: 4, pad: 2, pooled: true },
  { index: 3, kernel: 5, stride: 1, pad: 2, pooled: true },
  { index: 6, kernel: 3, stride: 1, pad: 1, pooled: false },
  { index: 8, kernel: 3, stride: 1, pad: 1, pooled: false },
  { index: 10, kernel: 3, stride: 1, pad: 1, pooled: true },
];

/** AlexNet as torchvision saves it, of any width. */
export const alexnet: Architecture = {
  recognise: (state) => (state.dims('features.0.weight')?.[2] === 11 ? 'alexnet' : undefined),
  width: (state) => relativeWidth(state, 'features.0.weight', 64),
  build(state, normalization) {
    const builder = new TemplateBuilder(state, normalization, 'alexnet');
    let x = builder.start;
    CONVOLUTIONS.forEach(({ index, pooled, ...options }, i) => {
      x = builder.conv(x, `conv_${i + 1}`, { key: `features.${index}`, ...options }, 'pre-activation');
      x = builder.relu(x, `relu_${i + 1}`, 'activation');
      if (pooled) x = builder.pool(x, `pool_${i + 1}`, { kernel: 3, stride: 2 });
    });
    return builder.finish(['relu_1', 'relu_2', 'relu_3', 'relu_4'], ['relu_4']);
  },
};
