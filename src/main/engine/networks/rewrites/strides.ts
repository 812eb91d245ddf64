import type { Shortcuts } from '../../../../shared/rewrites.ts';
import { MadderError } from '../../../../shared/errors.ts';
import type { OnnxNode } from '../../../formats/onnx.ts';
import type { Network } from '../network.ts';
import { makeNode, nameMaker } from '../template.ts';
import { blurredSubsampling } from './blur.ts';

interface StridedConvolution {
  readonly node: OnnxNode;
  readonly strides: readonly number[];
}

/**
 * Lets strided 1x1 convolutions, which the shortcuts of ResNets are where sizes change, read all positions instead of
 * one of four: the mean of the s x s positions from each on (`average`; He et al. 2018, "Bag of Tricks for Image
 * Classification with Convolutional Neural Networks", section 4.2, ResNet-D), or a blur about it (`blur`, see
 * `blurredSubsampling`). Three quarters of the positions get no gradient through such a shortcut otherwise.
 * The weights stay, and there are as many results as before, in odd sizes too.
 * @throws MadderError `input` where there is no such convolution, `network` for one with pads
 */
export function averageShortcuts(network: Network, kind: Shortcuts): Network {
  const isShortcut = (kernel: readonly number[]): boolean => kernel.every((k) => k === 1);
  return withConvolutions(network, isShortcut, 'strided 1x1 convolutions, such as shortcuts have', (found, fresh) => {
    const { node, strides } = found;
    const [input, ...weights] = node.inputs as [string, ...string[]];
    const pads = (node.attributes['pads'] as readonly number[] | undefined) ?? [];
    if (pads.some((pad) => pad !== 0)) refuse(node, 'pads a window of one position');
    const read = fresh(`${node.outputs[0]!}.read`);
    const window = { kernel_shape: [...strides], strides: [...strides], ceil_mode: 1, count_include_pad: 0 };
    return [
      ...(kind === 'average'
        ? [makeNode('AveragePool', [input], read, window)]
        : blurredSubsampling(input, read, strides, fresh, { beyond: 'nothing' })),
      { ...node, inputs: [read, ...weights], attributes: { ...node.attributes, strides: strides.map(() => 1) } },
    ];
  });
}

/**
 * Lets strided convolutions with windows larger than 1x1 look at every position, and takes their strides from a blur of
 * the result (`blurredSubsampling`). Zhang 2019, section 3.2, has the ReLU in between: Conv(s) ∘ ReLU = Subsample(s) ∘
 * Blur ∘ ReLU ∘ Conv. Here the blur is next to the convolution, so that both are one linear map, a wider window with
 * smooth weights. The weights stay and there are as many results as before, about the same centres; a convolution takes
 * s² times as long.
 * @throws MadderError `input` where there is no such convolution, `network` for one whose pads depend on its strides
 */
export function blurStrides(network: Network): Network {
  const isWindow = (kernel: readonly number[]): boolean => kernel.some((k) => k > 1);
  return withConvolutions(network, isWindow, 'strided convolutions with windows larger than 1x1', (found, fresh) => {
    const { node, strides } = found;
    const [result] = node.outputs as [string];
    const dense = fresh(`${result}.dense`);
    const attributes = { ...node.attributes, strides: strides.map(() => 1) };
    return [
      { ...node, name: dense, outputs: [dense], attributes },
      ...blurredSubsampling(dense, result, strides, fresh, { beyond: 'nothing' }),
    ];
  });
}

/** The network with other nodes in place of each strided convolution whose window is of the kind that is asked for. */
function withConvolutions(
  network: Network,
  isKind: (kernel: readonly number[]) => boolean,
  what: string,
  replacement: (found: StridedConvolution, fresh: (hint: string) => string) => OnnxNode[],
): Network {
  const { graph } = network;
  const fresh = nameMaker(graph);
  let count = 0;
  const nodes = graph.nodes.flatMap((node) => {
    if (node.op !== 'Conv') return [node];
    const kernel =
      (node.attributes['kernel_shape'] as readonly number[] | undefined) ??
      graph.initializers.get(node.inputs[1] ?? '')?.dims.slice(2);
    const strides = (node.attributes['strides'] as readonly number[] | undefined) ?? [];
    if (!kernel || !isKind(kernel) || !strides.some((s) => s > 1)) return [node];
    if (!['NOTSET', 'VALID'].includes(String(node.attributes['auto_pad'] ?? 'NOTSET'))) {
      refuse(node, 'has pads that follow from its strides');
    }
    count++;
    return replacement({ node, strides }, fresh);
  });
  if (count === 0) {
    throw new MadderError('input', `The network ${network.name} has no ${what}; leave that change out.`);
  }
  return { ...network, graph: { ...graph, nodes } };
}

function refuse(node: OnnxNode, why: string): never {
  throw new MadderError(
    'network',
    `The convolution "${node.outputs[0]!}" ${why}, so that its strides cannot be changed; leave them as they are.`,
  );
}
