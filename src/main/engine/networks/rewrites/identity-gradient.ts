import { MadderError } from '../../../../shared/errors.ts';
import { findLayer, type Network } from '../network.ts';
import { producersOf } from '../template.ts';

/**
 * Lets gradients through the named ReLUs unchanged, as the `fake_relu` of Engstrom et al. 2019 ("Adversarial robustness
 * as a prior for learned representations") does, which Nakano 2019 used at the last block of his ResNets.
 * @throws MadderError `input` where a named layer does not exist or is no ReLU
 */
export function passGradient(network: Network, layers: readonly string[]): Network {
  const producers = producersOf(network.graph);
  const values = layers.map((name) => {
    const { tensor } = findLayer(network, name);
    if (producers.get(tensor)?.op === 'Relu') return tensor;
    throw new MadderError(
      'input',
      `The layer "${name}" of the network ${network.name} is not the result of a ReLU; name one that is.`,
    );
  });
  return { ...network, identityGradient: new Set([...network.identityGradient, ...values]) };
}
