import type { Rewrite } from '../../../../shared/rewrites.ts';
import type { Network } from '../network.ts';
import { padFirst } from './first-padding.ts';
import { passGradient } from './identity-gradient.ts';
import { addOctaves } from './octaves.ts';
import { exchangePooling } from './pooling.ts';
import { smoothLayers } from './smoothing.ts';
import { averageShortcuts, blurStrides } from './strides.ts';

/**
 * The network with all changes made that a recipe asks for; `network` itself is left as it was loaded. Layers keep
 * their names, strides and receptive fields, and their tensors unless they are smoothed; octaves add more of them.
 * @throws MadderError naming the layer that does not exist or cannot be changed so
 */
export function applyRewrites(network: Network, rewrites: readonly Rewrite[]): Network {
  if (network.rewrites.length > 0) throw new Error('rewrites are applied once, all together, to a network as loaded');
  const poolings = rewrites.flatMap((r) => ('pooling' in r ? [r.pooling] : []));
  let result = exchangePooling(network, poolings);
  const padding = rewrites.findLast((r) => 'firstPadding' in r);
  if (padding) result = padFirst(result, padding.firstPadding);
  const shortcuts = rewrites.findLast((r) => 'shortcuts' in r);
  if (shortcuts) result = averageShortcuts(result, shortcuts.shortcuts);
  if (rewrites.some((r) => 'strides' in r)) result = blurStrides(result);
  for (const rewrite of rewrites) {
    if ('identityGradient' in rewrite) result = passGradient(result, rewrite.identityGradient);
  }
  // After what looks at the nodes that make a layer, before octaves, which repeat all nodes.
  result = smoothLayers(
    result,
    rewrites.flatMap((r) => ('smoothing' in r ? [r.smoothing] : [])),
  );
  const octaves = rewrites.findLast((r) => 'octaves' in r);
  if (octaves) result = addOctaves(result, octaves.octaves);
  return { ...result, rewrites: [...rewrites] };
}
