import { TemplateBuilder, type Architecture } from './builder.ts';
import type { StateDict } from './state-dict.ts';

/** Tan et al. 2018, figure 7 (MnasNet-B1): kernel and the stride of the first block of each stack, from `layers.8` on. */
const STACKS = [
  { kernel: 3, stride: 2 },
  { kernel: 5, stride: 2 },
  { kernel: 5, stride: 2 },
  { kernel: 3, stride: 1 },
  { kernel: 5, stride: 2 },
  { kernel: 3, stride: 1 },
];
const FIRST_STACK = 8;

/** Channels of the last stack for each published width. */
const MEMBERS: Readonly<Record<number, string>> = {
  160: 'mnasnet0_5',
  240: 'mnasnet0_75',
  320: 'mnasnet1_0',
  416: 'mnasnet1_3',
};

/** MnasNet as torchvision saves it, of any width; `layers.8.0` is the first block of the first stack. */
export const mnasnet: Architecture = {
  recognise: (state) =>
    state.has('layers.0.weight') && state.has('layers.8.0.layers.0.weight') ? memberOf(state) : undefined,
  width(state) {
    const channels = lastChannels(state);
    if (channels === undefined) return undefined;
    return memberOf(state) === 'mnasnet' ? channels / 320 : 1;
  },
  // Strides without pooling leave a grain, as in SqueezeNet, from which these weights are taken.
  suggested: { styleWeight: 1, contentWeight: 0.15, variationWeight: 1, optimizer: 'adam' },
  build(state, normalization) {
    const builder = new TemplateBuilder(state, normalization, memberOf(state));
    const keys = (i: number) => ({ key: `layers.${i}`, norm: `layers.${i + 1}` });
    let x = builder.conv(builder.start, 'layers.0', { ...keys(0), kernel: 3, stride: 2, pad: 1 }, 'pre-activation');
    x = builder.relu(x, 'layers.2', 'activation');
    x = builder.conv(x, 'layers.3', { ...keys(3), kernel: 3, pad: 1, grouped: true }, 'pre-activation');
    x = builder.relu(x, 'layers.5', 'activation');
    x = builder.conv(x, 'layers.6', { ...keys(6), kernel: 1 });
    for (const [s, { kernel, stride }] of STACKS.entries()) {
      const stack = `layers.${FIRST_STACK + s}`;
      const last = state.indices(`${stack}.`, '.layers.0.weight').at(-1) ?? 0;
      for (let b = 0; b <= last; b++)
        x = invertedResidual(builder, state, x, `${stack}.${b}`, kernel, b === 0 ? stride : 1);
      builder.rename(x, stack);
    }
    const end = FIRST_STACK + STACKS.length;
    x = builder.conv(x, `layers.${end}`, { ...keys(end), kernel: 1 }, 'pre-activation');
    builder.relu(x, `layers.${end + 2}`, 'activation');
    return builder.finish(['layers.5', 'layers.8', 'layers.9', 'layers.11', 'layers.13'], ['layers.10']);
  },
};

const lastChannels = (state: StateDict): number | undefined => state.dims('layers.14.weight')?.[1];

const memberOf = (state: StateDict): string => MEMBERS[lastChannels(state) ?? 0] ?? 'mnasnet';

/**
 * Expansion by a 1x1 convolution, a depthwise convolution, and a 1x1 convolution back to few channels without activation, to
 * which x is added where the shapes agree.
 */
function invertedResidual(
  builder: TemplateBuilder,
  state: StateDict,
  x: string,
  name: string,
  kernel: number,
  stride: number,
): string {
  const keys = (i: number) => ({ key: `${name}.layers.${i}`, norm: `${name}.layers.${i + 1}` });
  let wide = builder.relu(builder.conv(x, `${name}.expansion`, { ...keys(0), kernel: 1 }), `${name}.expansion.relu`);
  const depthwise = { ...keys(3), kernel, pad: (kernel - 1) / 2, stride, grouped: true };
  wide = builder.relu(builder.conv(wide, `${name}.depthwise`, depthwise), `${name}.depthwise.relu`);
  const narrow = { ...keys(6), kernel: 1 };
  const isResidual = stride === 1 && state.dims(`${narrow.key}.weight`)?.[0] === builder.channels(x);
  if (!isResidual) return builder.conv(wide, name, narrow, 'block');
  return builder.add(builder.conv(wide, `${name}.branch`, narrow), x, name, 'block');
}
