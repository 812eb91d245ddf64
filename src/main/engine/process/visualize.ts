import { join } from 'node:path';
import { writeImage } from '../../codec/encode.ts';
import type { EngineEvent, VisualizeJob } from '../../../shared/engine-contract.ts';
import { LayerAnswer } from '../objective/answer.ts';
import type { Network } from '../networks/network.ts';
import { applyRewrites } from '../networks/rewrites/apply.ts';
import { visualize } from '../runs/visualize.ts';
import { openStudyNetwork } from './study-network.ts';

/** Shortest time between two words about a picture that is being made, ms. */
const PROGRESS_MS = 250;

/**
 * Makes the pictures that a job asks for and says each as it lies in its folder. A layer is prepared once for those that
 * follow one another.
 * @throws MadderError naming a network that is missing or has changed, or a layer that cannot be asked
 */
export async function performVisualization(
  { settings, networks, wanted, folder, threads }: VisualizeJob,
  signal: AbortSignal,
  send: (event: EngineEvent) => void,
): Promise<void> {
  const opened = new Map<string, Network>();
  const open = async (key: string): Promise<Network> => {
    const network = opened.get(key) ?? (await openNetwork(networks.find((n) => n.key === key)!));
    opened.set(key, network);
    return network;
  };
  const openNetwork = async (described: (typeof networks)[number]): Promise<Network> => {
    const network = await openStudyNetwork(described);
    return settings.rewrites.length > 0 ? applyRewrites(network, settings.rewrites) : network;
  };
  const square = { width: settings.size, height: settings.size };
  let asked: { readonly network: string; readonly layer: string; readonly answer: LayerAnswer } | undefined;
  try {
    for (const { file, ...key } of wanted) {
      signal.throwIfAborted();
      if (asked?.network !== key.network || asked.layer !== key.layer) {
        await asked?.answer.release();
        asked = undefined;
        const options = threads === undefined ? {} : { threads };
        const answer = await LayerAnswer.create(await open(key.network), key.layer, square, options);
        asked = { network: key.network, layer: key.layer, answer };
      }
      const began = performance.now();
      let said = began;
      const prior = settings.priors.find(({ name }) => name === key.prior)!;
      const { picture, ...numbers } = await visualize(asked.answer, key, prior, settings, {
        signal,
        onStep: (step) => {
          const now = performance.now();
          if (now - said < PROGRESS_MS) return;
          said = now;
          send({ type: 'feature-progress', progress: { ...key, ...step, iterations: settings.iterations } });
        },
      });
      await writeImage(join(folder, file), picture);
      const seconds = (performance.now() - began) / 1000;
      send({ type: 'feature', feature: { ...key, file, ...numbers, seconds } });
    }
    send({ type: 'measured', completed: true });
  } catch (error) {
    if (!signal.aborted) throw error;
    send({ type: 'measured', completed: false });
  } finally {
    await asked?.answer.release();
  }
}
