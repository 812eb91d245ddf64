/** Feature visualization: from a request to a record, and from a record to its repetition. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadNetwork } from '../../../engine/networks/load.ts';
import { findLayer, type Network } from '../../../engine/networks/network.ts';
import { applyRewrites } from '../../../engine/networks/rewrites/apply.ts';
import { answerDims } from '../../../engine/objective/answer.ts';
import { MadderError } from '../../../../shared/errors.ts';
import { problemWords } from '../../../../shared/recipe-words.ts';
import type { StudyNetwork } from '../../../../shared/robustness.ts';
import {
  visualizationRequestSchema,
  type FeatureKey,
  type VisualizationRequest,
  type VisualizationSettings,
} from '../../../../shared/visualization.ts';
import { findInstalled } from '../../networks.ts';
import { applicationVersion } from '../../resources.ts';
import { freeKey } from '../keys.ts';
import { RECORD_VERSION, type FeaturesRecord } from '../record.ts';

/** Channels of a layer that are shown where nobody says which: their order means nothing, so the first ones will do. */
const USUAL_CHANNELS = 8;

/**
 * Looks at everything that a request names and writes its record, with no picture made yet.
 * @returns the record, and what a person should know, one sentence each
 * @throws MadderError `input` or `network` in one sentence for anything that cannot be used
 */
export async function planVisualization(
  request: VisualizationRequest,
): Promise<{ record: FeaturesRecord; notes: string[] }> {
  const parsed = visualizationRequestSchema.safeParse(request, { reportInput: true });
  if (!parsed.success) {
    throw new MadderError('input', `These settings cannot be used: ${problemWords(parsed.error)}.`);
  }
  const { networks: names, layers, settings } = parsed.data;
  const networks: StudyNetwork[] = [];
  const wanted: FeatureKey[] = [];
  const notes: string[] = [];
  const used = new Set<(typeof layers)[number]>();
  for (const name of names) {
    const path = await findInstalled(name);
    const loaded = await loadNetwork(path);
    const { id, sha256, manifest } = loaded;
    if (networks.some((other) => other.sha256 === sha256)) {
      throw new MadderError('input', `The network ${name} is given twice; leave one out.`);
    }
    if (manifest.normalization.assumed) {
      notes.push(`${loaded.name} does not say how it wants its pictures; ImageNet's mean and deviation are assumed.`);
    }
    const network = settings.rewrites.length > 0 ? applyRewrites(loaded, settings.rewrites) : loaded;
    const choice =
      layers.find((c) => c.network !== undefined && [name, id].includes(c.network)) ??
      layers.find((c) => c.network === undefined);
    if (!choice) {
      throw new MadderError('input', `Nothing is said of the layers of ${name}; name one with --layer ${id}=LAYER.`);
    }
    used.add(choice);
    const chosen = [...new Set(choice.layers.map((layer) => findLayer(network, layer).name))];
    const key = freeKey(id, networks);
    networks.push({
      ...{ key, id, name: loaded.name, sha256, normalization: manifest.normalization, layers: chosen },
      // A file is found again wherever the study is gone on with.
      path: statSync(path, { throwIfNoEntry: false })?.isFile() ? resolve(path) : path,
    });
    for (const layer of chosen)
      wanted.push(...featuresOf(network, layer, parsed.data).map((f) => ({ network: key, ...f })));
  }
  const stray = layers.find((choice) => choice.network !== undefined && !used.has(choice));
  if (stray) {
    throw new MadderError(
      'input',
      `Layers are given for ${stray.network}, which is none of the networks ${names.join(', ')}; correct its name.`,
    );
  }
  const record: FeaturesRecord = {
    version: RECORD_VERSION,
    kind: 'features',
    program: applicationVersion(),
    createdAt: new Date().toISOString(),
    ...{ networks, settings, wanted, features: [] },
  };
  return { record, notes };
}

/** The pictures of a layer: every channel with every prior. @throws MadderError for a channel that it does not have */
function featuresOf(
  network: Network,
  layer: string,
  { aim, channels, settings }: VisualizationRequest,
): Omit<FeatureKey, 'network'>[] {
  const all = channelsOf(network, layer, settings);
  const withPriors = (key: Omit<FeatureKey, 'network' | 'prior'>) =>
    settings.priors.map(({ name }) => ({ ...key, prior: name }));
  if (aim === 'layer') return withPriors({ layer, aim });
  const numbers = channels ?? Math.min(USUAL_CHANNELS, all);
  const chosen = Array.isArray(numbers) ? [...new Set(numbers)] : [...Array(numbers === 'all' ? all : numbers).keys()];
  const missing = chosen.find((channel) => channel >= all);
  if (missing !== undefined) {
    throw new MadderError(
      'input',
      `The layer ${layer} of ${network.name} has ${all} channels, counted from 0; there is no channel ${missing}.`,
    );
  }
  return chosen.flatMap((channel) => withPriors({ layer, aim, channel }));
}

/** Also makes sure that pictures of this size reach the layer. */
const channelsOf = (network: Network, layer: string, { size }: VisualizationSettings): number =>
  answerDims(network, layer, { width: size, height: size })[1];

/** The same study with no picture made: what it finds can be held against the record. */
export function repeatOfVisualization({ finishedAt: _, ...record }: FeaturesRecord): FeaturesRecord {
  return { ...record, program: applicationVersion(), createdAt: new Date().toISOString(), features: [] };
}
