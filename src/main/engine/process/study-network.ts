import { MadderError } from '../../../shared/errors.ts';
import type { StudyNetwork } from '../../../shared/robustness.ts';
import { loadNetwork } from '../networks/load.ts';
import type { Network } from '../networks/network.ts';

/** The network that a study names, as it is loaded. @throws MadderError where it is missing or another one */
export async function openStudyNetwork({ path, sha256, id, normalization }: StudyNetwork): Promise<Network> {
  const network = await loadNetwork(path, { normalization });
  if (network.sha256 !== sha256) {
    throw new MadderError(
      'input',
      `The network ${path} is not the one of the study (${id}, ${sha256.slice(0, 8)}); install that one.`,
    );
  }
  return network;
}
