import type { EngineEvent, PlanJob } from '../../../shared/engine-contract.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import type { Network } from '../networks/network.ts';
import { forecast } from '../runs/forecast.ts';
import { masksBytes } from '../runs/masks.ts';
import { usualMemory } from '../runs/memory.ts';
import { neededSides, openNetwork } from './assets.ts';

/** An engine process with the runtime loaded, and what decoding pictures leaves to be collected, bytes. */
const IDLE_BYTES = 250e6;
/** Of a decoded picture: three planes of float32. */
const PICTURE_BYTES = 12;

/** Networks that were opened for plans, by what was asked for: a person who chooses a size asks a dozen times for the same. */
const opened = new Map<string, Promise<Network>>();
const MOST_OPENED = 4;

/**
 * Says how a run would be painted.
 * @throws MadderError where a network is missing or has changed
 */
export async function performPlan(
  { recipe, networks, provider, memoryBytes, comingFree, leastSide }: PlanJob,
  send: (event: EngineEvent) => void,
): Promise<void> {
  const style = await open(networks.style, recipe.networks.style);
  const content =
    recipe.networks.content && networks.content !== undefined
      ? await open(networks.content, recipe.networks.content)
      : undefined;
  const used = { style, ...(content ? { content } : {}) };
  const weights = Object.values(used).reduce((sum, network) => sum + weightBytes(network), 0);
  const plan = forecast(recipe, used, {
    provider,
    leastSide,
    memoryBytes: memoryBytes ?? usualMemory(comingFree),
    base: IDLE_BYTES + weights + picturesBytes(recipe) + masksBytes(recipe),
  });
  send({ type: 'planned', plan });
}

function open(idOrPath: string, reference: Recipe['networks']['style']): Promise<Network> {
  const key = JSON.stringify([idOrPath, reference]);
  let network = opened.get(key);
  if (!network) {
    network = openNetwork(idOrPath, reference);
    network.catch(() => opened.delete(key));
    opened.set(key, network);
    for (const old of [...opened.keys()].slice(0, -MOST_OPENED)) opened.delete(old);
  }
  return network;
}

const weightBytes = ({ graph }: Network): number =>
  [...graph.initializers.values()].reduce((sum, { data }) => sum + data.byteLength, 0);

/** The decoded pictures of a run, with those that its colours make of them. */
function picturesBytes(recipe: Recipe): number {
  const copied = {
    style: [],
    match: recipe.styles.map(({ image }) => image),
    luminance: [recipe.content, ...recipe.styles.map(({ image }) => image)],
  }[recipe.colour].map(({ sha256 }) => sha256);
  let pixels = 0;
  for (const [{ sha256, width, height }, side] of neededSides(recipe)) {
    const scale = Math.min(1, side / Math.max(width, height));
    pixels += width * height * scale ** 2 * (copied.includes(sha256) ? 2 : 1);
  }
  return PICTURE_BYTES * pixels;
}
