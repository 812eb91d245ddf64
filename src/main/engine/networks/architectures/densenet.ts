import { TemplateBuilder, type Architecture } from './builder.ts';
import type { StateDict } from './state-dict.ts';

/** Huang et al. 2016, table 1: layers per block; and channels that each layer adds. */
const MEMBERS: Readonly<Record<string, { readonly id: string; readonly growth: number }>> = {
  '6,12,24,16': { id: 'densenet121', growth: 32 },
  '6,12,36,24': { id: 'densenet161', growth: 48 },
  '6,12,32,32': { id: 'densenet169', growth: 32 },
  '6,12,48,32': { id: 'densenet201', growth: 32 },
};

/** DenseNet-BC as torchvision saves it, under its present names or the older `norm.1`, of any width and depth. */
export const densenet: Architecture = {
  recognise: (state) =>
    state.has('features.conv0.weight') && blockSizes(state).length > 0 ? memberOf(state) : undefined,
  width(state) {
    const published = MEMBERS[blockSizes(state).join()]?.growth;
    const growth = state.dims(`${layerKey(1, 1)}.${numbered(state, 'conv', 2)}.weight`)?.[0];
    return published === undefined || growth === undefined ? undefined : growth / published;
  },
  // Its stem is that of ResNet, whose max pooling leaves a grain; the rest averages.
  suggested: { styleWeight: 1, contentWeight: 0.15, variationWeight: 0.3, optimizer: 'adam' },
  build(state, normalization) {
    const builder = new TemplateBuilder(state, normalization, memberOf(state));
    const stem = { key: 'features.conv0', norm: 'features.norm0', kernel: 7, stride: 2, pad: 3 };
    let x = builder.conv(builder.start, 'conv0', stem, 'pre-activation');
    x = builder.relu(x, 'relu0', 'activation');
    x = builder.pool(x, 'pool0', { kernel: 3, stride: 2, pad: 1 });
    const sizes = blockSizes(state);
    for (const [b, size] of sizes.entries()) {
      for (let l = 1; l <= size; l++) x = denseLayer(builder, state, x, b + 1, l, l === size);
      if (b < sizes.length - 1) x = transition(builder, x, b + 1);
    }
    const last = `${sizes.length + 1}`;
    x = builder.normalize(x, `norm${last}`, `features.norm${last}`, 'pre-activation');
    builder.relu(x, `relu${last}`, 'activation');
    const style = ['relu0', 'transition1.relu', 'transition2.relu', 'transition3.relu', `relu${last}`];
    return builder.finish(style, ['transition2.relu']);
  },
};

const memberOf = (state: StateDict): string => MEMBERS[blockSizes(state).join()]?.id ?? 'densenet';

const layerKey = (block: number, layer: number): string => `features.denseblock${block}.denselayer${layer}`;

/** `norm1`, or `norm.1` as torchvision named it before PyTorch 0.4.1, and still does in its files. */
const numbered = (state: StateDict, name: string, number: number): string =>
  state.has(`${layerKey(1, 1)}.${name}.${number}.weight`) ? `${name}.${number}` : `${name}${number}`;

/** Layers per block; the highest number that occurs counts, so that a missing layer is noticed when it is built. */
function blockSizes(state: StateDict): number[] {
  const sizes: number[] = [];
  for (let block = 1; ; block++) {
    const key = `features.denseblock${block}.denselayer`;
    const last = state.indices(key, `.${numbered(state, 'conv', 1)}.weight`).at(-1);
    if (last === undefined) return sizes;
    sizes.push(last);
  }
}

/** x, and behind its channels those of conv(relu(norm(conv(relu(norm(x)))))). */
function denseLayer(
  builder: TemplateBuilder,
  state: StateDict,
  x: string,
  block: number,
  layer: number,
  isLast: boolean,
): string {
  const key = layerKey(block, layer);
  const part = (name: string, number: number) => `${key}.${numbered(state, name, number)}`;
  const name = `denseblock${block}.${layer}`;
  const read = builder.relu(builder.normalize(x, `${name}.norm1`, part('norm', 1)), `${name}.relu1`);
  const narrow = builder.conv(read, `${name}.conv1`, { key: part('conv', 1), norm: part('norm', 2), kernel: 1 });
  const active = builder.relu(narrow, `${name}.relu2`);
  const added = builder.conv(active, `${name}.conv2`, { key: part('conv', 2), bias: false, kernel: 3, pad: 1 });
  return isLast ? builder.concat([x, added], `denseblock${block}`, 'block') : builder.concat([x, added], name);
}

/** Half as many channels at half the size. The layer `NAME.relu` is the block before it as the network reads it. */
function transition(builder: TemplateBuilder, x: string, block: number): string {
  const name = `transition${block}`;
  const key = `features.${name}`;
  const normalized = builder.normalize(x, `${name}.norm`, `${key}.norm`, 'pre-activation');
  const active = builder.relu(normalized, `${name}.relu`, 'activation');
  const narrow = builder.conv(active, `${name}.conv`, { key: `${key}.conv`, bias: false, kernel: 1 });
  return builder.pool(narrow, name, { kernel: 2, stride: 2, kind: 'AveragePool' });
}
