import { relativeWidth, TemplateBuilder, type Architecture } from './builder.ts';

/** Szegedy et al. 2014, table 1: modules, and the window of the 2-strided pooling before each stage. */
const STAGES = [
  { modules: ['3a', '3b'], window: 3 },
  { modules: ['4a', '4b', '4c', '4d', '4e'], window: 3 },
  { modules: ['5a', '5b'], window: 2 },
];

/**
 * GoogLeNet as torchvision saves it, of any width: with batch normalization, with 3x3 convolutions in place of 5x5, and
 * without the auxiliary classifiers. Its published weights want pictures in [-1,1]: mean and deviation 0.5.
 */
export const googlenet: Architecture = {
  recognise: (state) => (state.has('inception3a.branch1.conv.weight') ? 'googlenet' : undefined),
  width: (state) => relativeWidth(state, 'conv1.conv.weight', 64),
  // Max poolings and strides leave a grain, as in SqueezeNet, from which these weights are taken.
  suggested: { styleWeight: 1, contentWeight: 0.15, variationWeight: 1, optimizer: 'adam' },
  build(state, normalization) {
    const builder = new TemplateBuilder(state, normalization, 'googlenet');
    let x = builder.start;
    const unit = (name: string, window: { kernel: number; stride?: number; pad?: number }) => {
      x = builder.conv(x, `${name}.pre`, { ...keys(name), ...window }, 'pre-activation');
      x = builder.relu(x, name, 'activation');
    };
    unit('conv1', { kernel: 7, stride: 2, pad: 3 });
    x = builder.pool(x, 'pool1', { kernel: 3, stride: 2, ceil: true });
    unit('conv2', { kernel: 1 });
    unit('conv3', { kernel: 3, pad: 1 });
    for (const [s, { modules, window }] of STAGES.entries()) {
      x = builder.pool(x, `pool${s + 2}`, { kernel: window, stride: 2, ceil: true });
      for (const module of modules) x = inception(builder, x, `inception${module}`);
    }
    // The layers of Mordvintsev et al. 2018, "Differentiable image parameterizations", under torchvision's names.
    return builder.finish(['conv3', 'inception3a', 'inception4a', 'inception4b', 'inception4c'], ['inception3b']);
  },
};

const keys = (name: string) => ({ key: `${name}.conv`, norm: `${name}.bn`, epsilon: 1e-3 });

/**
 * Four branches side by side. One ReLU after their concatenation equals torchvision's four before it, and makes the value
 * before the activation a layer.
 */
function inception(builder: TemplateBuilder, x: string, name: string): string {
  const conv = (input: string, branch: string, kernel: number) =>
    builder.conv(input, `${name}.${branch}`, { ...keys(`${name}.${branch}`), kernel, pad: (kernel - 1) / 2 });
  const reduced = (branch: string) => builder.relu(conv(x, `${branch}.0`, 1), `${name}.${branch}.0.relu`);
  const pooled = builder.pool(x, `${name}.branch4.0`, { kernel: 3, stride: 1, pad: 1, layer: false });
  const branches = [
    conv(x, 'branch1', 1),
    conv(reduced('branch2'), 'branch2.1', 3),
    conv(reduced('branch3'), 'branch3.1', 3),
    conv(pooled, 'branch4.1', 1),
  ];
  return builder.relu(builder.concat(branches, `${name}.pre`, 'pre-activation'), name, 'block');
}
