/** From a request to a record: every picture's recipe, and what they are painted and measured with. */
import { basename } from 'node:path';
import { identifyImage } from '../../../codec/decode.ts';
import { findLayer } from '../../../engine/networks/network.ts';
import { MadderError } from '../../../../shared/errors.ts';
import {
  pictureStudyRequestSchema,
  type JudgeNetwork,
  type PictureNetwork,
  type PictureStudyInput,
  type PictureStudyRequest,
  type StudyCell,
  type StudyRun,
} from '../../../../shared/picture-studies.ts';
import type { Preset } from '../../../../shared/preset.ts';
import { problemWords } from '../../../../shared/recipe-words.ts';
import { robustnessSettingsSchema, type StudyPhoto } from '../../../../shared/robustness.ts';
import { installedManifests } from '../../networks.ts';
import { prepareRun, type PaintRequest, type PreparedRun } from '../../painter.ts';
import { findPreset } from '../../presets.ts';
import { applicationVersion } from '../../resources.ts';
import { imagesOf } from '../../recipes.ts';
import { findPhotos } from '../photos.ts';
import { readRecordOf, RECORD_VERSION, type PictureRecord, type RobustnessRecord } from '../record.ts';
import { summaries } from '../tables.ts';
import {
  gridAxis,
  networkAxis,
  optimizerAxis,
  pairAxes,
  paintingAxis,
  product,
  remedyAxis,
  type Named,
  type PlannedAxis,
  type PlannedCell,
} from './axes.ts';
import { StudyNetworks } from './networks.ts';
import { changesOf, combined, evaluationsOf, totalAfter, varied, type Variation } from './variation.ts';

/** Axes and the pictures that lie on them. */
interface Layout {
  readonly axes: readonly PlannedAxis[];
  readonly cells: readonly PlannedCell[];
  /** What all cells have before their own variation. */
  readonly base: Variation;
}

/** Settings that a study begins with in place of a preset. */
export interface StudyBasis {
  readonly preset: Preset;
  /** The network, as the request names it, that its layers' weights are for: the others keep the layers that suit them. */
  readonly network: string;
}

/**
 * Looks at everything that a study names and writes its record, with nothing painted yet.
 * @param basis goes before the preset that the request names
 * @returns the record, and what a person should know, one sentence each
 * @throws MadderError `input` or `network` in one sentence for anything that cannot be used
 */
export async function planPictures(
  input: PictureStudyInput,
  basis?: StudyBasis,
): Promise<{ record: PictureRecord; notes: string[] }> {
  const parsed = pictureStudyRequestSchema.safeParse(input, { reportInput: true });
  if (!parsed.success) {
    throw new MadderError('input', `This study cannot be carried out: ${problemWords(parsed.error)}.`);
  }
  return new Planner(parsed.data, basis).plan();
}

class Planner {
  readonly #request: PictureStudyRequest;
  readonly #networks = new StudyNetworks();
  readonly #notes = new Set<string>();
  readonly #paths = new Map<string, string>();
  readonly #prepared = new Map<string, Promise<PreparedRun>>();
  readonly #basis: StudyBasis | undefined;
  #preset: Preset | undefined;

  constructor(request: PictureStudyRequest, basis: StudyBasis | undefined) {
    this.#request = request;
    this.#basis = basis;
  }

  async plan(): Promise<{ record: PictureRecord; notes: string[] }> {
    const request = this.#request;
    if (request.preset !== undefined) this.#preset = await findPreset(request.preset);
    const { axes, cells: planned, base } = await this.#layout();
    await this.#checkFiles(planned, base);
    const { runs, cells, gaps } = await this.#runs(planned, base);
    const judges = await this.#judges(runs);
    const squeezenet = await this.#squeezenet();
    const robustness = await this.#robustness(runs, cells);
    const images = await this.#images(runs);
    const record: PictureRecord = {
      version: RECORD_VERSION,
      kind: request.kind,
      program: applicationVersion(),
      createdAt: new Date().toISOString(),
      title: request.title ?? this.#title(axes),
      images,
      networks: this.#networks.all,
      axes: axes.map(({ values, ...axis }) => ({
        ...axis,
        values: values.map(({ variation: _, words: __, ...value }) => value),
      })),
      runs,
      cells,
      gaps,
      judges,
      ...(squeezenet ? { squeezenet } : {}),
      ...(robustness ? { robustness } : {}),
    };
    return { record, notes: [...this.#notes] };
  }

  async #layout(): Promise<Layout> {
    const request = this.#request;
    switch (request.kind) {
      case 'compare': {
        const axes = [networkAxis(await this.#opened(request.networks))];
        return { axes, cells: product(axes), base: {} };
      }
      case 'grid': {
        const { network, contentNetwork } = request;
        const names = request.axes.flatMap(({ parameter, values }) =>
          parameter === 'network' || parameter === 'contentNetwork' ? values.map(String) : [],
        );
        const opened = await this.#opened([...new Set(names)]);
        const nameOf = (name: string): string => opened.find((other) => other.network === name)!.name;
        const axes = request.axes.map((axis) => gridAxis(axis, nameOf));
        return { axes, cells: product(axes), base: { network, ...(contentNetwork ? { contentNetwork } : {}) } };
      }
      case 'pairs': {
        const axes = pairAxes(await this.#opened(request.contentNetworks), await this.#opened(request.styleNetworks));
        return { axes, cells: product(axes), base: {} };
      }
      case 'layers':
        return this.#singleLayers(request);
      case 'texture': {
        const { remedies, styles } = request;
        const networks = networkAxis(await this.#opened(request.networks));
        const others = [
          ...(styles.length > 1 ? [paintingAxis(styles)] : []),
          ...(remedies.length > 1 ? [remedyAxis(remedies)] : []),
        ];
        const axes = [...others, networks];
        const base = combined([
          { changes: { contentWeight: 0 }, init: 'noise' },
          ...(styles.length > 1 ? [] : paintingAxis(styles).values.map(({ variation }) => variation)),
          ...(remedies.length > 1 ? [] : remedyAxis(remedies).values.map(({ variation }) => variation)),
        ]);
        return { axes, cells: product(axes), base };
      }
      case 'optimizers': {
        const axes = [optimizerAxis(request.optimizers)];
        return { axes, cells: product(axes), base: { network: request.network } };
      }
    }
  }

  /** A row for each network, a column for each place from fine to coarse: networks have layers of their own names. */
  async #singleLayers(request: Extract<PictureStudyRequest, { kind: 'layers' }>): Promise<Layout> {
    const { networks: names, layers: choices, contentNetwork } = request;
    const networks = await this.#opened(names);
    const stray = choices.find(({ network }) => network !== undefined && !names.includes(network));
    if (stray) {
      throw new MadderError(
        'input',
        `Layers are given for ${stray.network}, which is none of the networks ${names.join(', ')}; correct its name.`,
      );
    }
    const cells: PlannedCell[] = [];
    for (const [row, { network: name, name: title }] of networks.entries()) {
      const network = await this.#networks.loaded(name);
      const choice = choices.find((c) => c.network === name) ?? choices.find((c) => c.network === undefined);
      const chosen = new Set(
        (choice?.layers ?? Object.keys(network.styleLayers)).map((layer) => findLayer(network, layer)),
      );
      const inOrder = network.layers.filter((layer) => chosen.has(layer));
      inOrder.forEach((layer, column) =>
        cells.push({
          at: [row, column],
          label: `${title}, ${layer.name}`,
          variation: { network: name, styleLayers: [layer.name] },
        }),
      );
    }
    const depth = Math.max(...cells.map(({ at }) => at[1]! + 1));
    const places: PlannedAxis = {
      name: 'layer',
      label: 'layer, from fine to coarse',
      values: Array.from({ length: depth }, (_, i) => ({ label: String(i + 1), variation: {} })),
    };
    return { axes: [networkAxis(networks), places], cells, base: contentNetwork ? { contentNetwork } : {} };
  }

  /** Networks with their names, each once. */
  async #opened(names: readonly string[]): Promise<Named[]> {
    const opened: Named[] = [];
    const seen = new Set<PictureNetwork>();
    for (const network of names) {
      const described = await this.#networks.named(network);
      if (seen.has(described)) throw new MadderError('input', `The network ${network} is given twice; leave one out.`);
      seen.add(described);
      const { name, normalization } = described;
      opened.push({ network, name });
      if (normalization.assumed) {
        this.#notes.add(`${name} does not say how it wants its pictures; ImageNet's mean and deviation are assumed.`);
      }
    }
    return opened;
  }

  /** Files that cannot be read are slips of the hand, and no gaps in the study. */
  async #checkFiles(planned: readonly PlannedCell[], base: Variation): Promise<void> {
    const request = this.#request;
    const all = [base, ...planned.map(({ variation }) => variation)];
    const inits = [...all.map(({ init }) => init), request.settings.init].filter(
      (init) => init !== undefined && !['content', 'noise'].includes(init),
    );
    const paintings = [...request.styles, ...all.flatMap(({ styles }) => styles ?? [])].map(({ path }) => path);
    const photo = request.kind === 'texture' ? [] : [request.content];
    for (const path of new Set([...photo, ...paintings, ...inits])) await identifyImage(path!);
  }

  /** Each run once, with the pictures on its way; what has no recipe is a gap, unless everything is. */
  async #runs(
    planned: readonly PlannedCell[],
    base: Variation,
  ): Promise<Pick<PictureRecord, 'runs' | 'cells' | 'gaps'>> {
    const most = Math.max(0, ...planned.map(({ variation }) => variation.iterations ?? 0));
    if (most === 0 && planned.some(({ variation }) => variation.iterations !== undefined)) {
      throw new MadderError('input', 'All iterations of the grid are 0; give at least one number above it.');
    }
    const byKey = new Map<string, { place: number; run: StudyRun } | MadderError>();
    const cells: StudyCell[] = [];
    const gaps: PictureRecord['gaps'] = [];
    const runs: StudyRun[] = [];
    let first: MadderError | undefined;
    for (const { at, label, variation } of planned) {
      const { iterations, ...whole } = combined([base, variation]);
      const key = JSON.stringify(whole);
      let found = byKey.get(key);
      if (!found) {
        try {
          found = { place: runs.length, run: await this.#run(whole, most) };
          runs.push(found.run);
        } catch (error) {
          if (!(error instanceof MadderError)) throw error;
          found = error;
          first ??= error;
          this.#notes.add(`${label} cannot be painted: ${error.message}`);
        }
        byKey.set(key, found);
      }
      if (found instanceof MadderError) {
        gaps.push({ at: [...at], label, problem: found.message });
        continue;
      }
      const { place, run } = found;
      const evaluation = iterations === undefined ? undefined : totalAfter(run.recipe, iterations);
      const onTheWay = evaluation !== undefined && evaluation < evaluationsOf(run.recipe);
      if (onTheWay && !run.snapshots.includes(evaluation)) run.snapshots.push(evaluation);
      cells.push({
        id: at.map((i) => i + 1).join('-'),
        at: [...at],
        label,
        run: place,
        ...(onTheWay ? { evaluation } : {}),
      });
    }
    if (cells.length === 0) throw first!;
    return { runs, cells, gaps };
  }

  async #run(variation: Variation, iterations: number): Promise<StudyRun> {
    const request = this.#request;
    const network = variation.network!;
    const style = await this.#networks.named(network);
    const content =
      variation.contentNetwork === undefined ? undefined : await this.#networks.named(variation.contentNetwork);
    const separate = content && content !== style ? content : undefined;
    const prepared = await this.#prepare({ ...variation, network }, separate, iterations);
    let recipe = prepared.recipe;
    if (request.kind === 'compare' && request.recipe === 'same') {
      const [lead] = request.networks as [string];
      recipe = sharing(recipe, (await this.#prepare({ ...variation, network: lead }, undefined, iterations)).recipe);
    }
    recipe = varied(recipe, variation, {
      style: await this.#networks.loaded(network),
      content: separate && (await this.#networks.loaded(variation.contentNetwork!)),
    });
    for (const [sha256, path] of Object.entries(prepared.images)) this.#paths.set(sha256, path);
    prepared.notes.forEach((note) => this.#notes.add(note));
    return {
      recipe,
      networks: { style: style.key, ...(separate ? { content: separate.key } : {}) },
      snapshots: [],
      curve: [],
    };
  }

  /** A picture as it would be painted alone, as far as a request can say it. */
  #prepare(
    variation: Variation & { readonly network: string },
    content: PictureNetwork | undefined,
    iterations: number,
  ): Promise<PreparedRun> {
    const { settings, styles } = this.#request;
    const preset = this.#presetFor(variation.network);
    const init = variation.init ?? settings.init;
    const paintings = variation.styles ?? styles;
    const request: PaintRequest = {
      ...changesOf(settings),
      ...variation.changes,
      ...(iterations > 0 ? { iterations } : {}),
      // A texture's painting serves as the photo that gives the picture its proportions.
      photo: this.#request.kind === 'texture' ? paintings[0]!.path : this.#request.content,
      styles: paintings.map(({ path, weight, scale }) => ({
        path,
        ...(weight === undefined ? {} : { weight }),
        ...(scale === undefined ? {} : { scale }),
      })),
      network: variation.network,
      ...(content ? { contentNetwork: variation.contentNetwork! } : {}),
      ...(init === undefined ? {} : { init }),
      ...(preset ? { preset } : {}),
    };
    const key = JSON.stringify(request);
    const known = this.#prepared.get(key);
    if (known) return known;
    const prepared = prepareRun(request);
    this.#prepared.set(key, prepared);
    return prepared;
  }

  #presetFor(network: string): Preset | undefined {
    if (!this.#basis) return this.#preset;
    const { preset, network: own } = this.#basis;
    if (network === own || !preset.objective) return preset;
    const { styleLayers: _, contentLayers: __, ...objective } = preset.objective;
    return { ...preset, objective };
  }

  /** The networks of a comparison judge as they painted; any other as it would paint by itself. */
  async #judges(runs: readonly StudyRun[]): Promise<JudgeNetwork[]> {
    const { kind, judges } = this.#request;
    const names = judges ?? (kind === 'compare' ? this.#request.networks : []);
    const found = new Map<string, JudgeNetwork>();
    for (const name of names) {
      const { key } = await this.#networks.named(name);
      const run = kind === 'compare' ? runs.find(({ networks }) => networks.style === key) : undefined;
      const recipe = run?.recipe ?? (await this.#asJudge(name));
      found.set(key, { key, network: recipe.networks.style, styleLayers: recipe.objective.styleLayers });
    }
    return [...found.values()];
  }

  async #asJudge(network: string) {
    const styles = this.#request.styles.map(({ path }) => ({ path }));
    const { recipe, notes } = await prepareRun({ photo: styles[0]!.path, styles, network });
    notes.forEach((note) => this.#notes.add(note));
    return recipe;
  }

  /** SqueezeNet compares a result with one photo and one painting: figures are made where there is one of each. */
  async #squeezenet(): Promise<PictureNetwork | undefined> {
    const { kind, styles, squeezenet } = this.#request;
    const single = kind !== 'texture' && styles.length === 1;
    if (squeezenet !== undefined && !single) {
      throw new MadderError(
        'input',
        "SqueezeNet's figures compare with one photo and one painting, which this study does not have; leave it out.",
      );
    }
    const installed = kind === 'compare' && single ? await this.#installedSqueezenet() : undefined;
    const name = squeezenet ?? installed;
    if (name === undefined) return undefined;
    // It paints nothing here: the record's networks have it only where it is one of those compared, too.
    const networks = new StudyNetworks();
    const network = await networks.named(name);
    if ((await networks.loaded(name)).manifest.architecture === SQUEEZENET) return network;
    throw new MadderError('input', `${name} is not SqueezeNet 1.1; the judge's figures compare only under that one.`);
  }

  async #installedSqueezenet(): Promise<string | undefined> {
    return (await installedManifests()).find(({ architecture }) => architecture === SQUEEZENET)?.id;
  }

  /** Sets the R(f) of the cells where another record has them. */
  async #robustness(runs: readonly StudyRun[], cells: StudyCell[]): Promise<PictureRecord['robustness']> {
    if (this.#request.kind !== 'layers' || this.#request.robustness === undefined) return undefined;
    const { robustness } = this.#request;
    if (!('record' in robustness)) {
      const settings = robustnessSettingsSchema.parse(robustness.settings);
      const { photos, notes } = await findPhotos(robustness.photos, robustness.count, settings.seed);
      notes.forEach((note) => this.#notes.add(note));
      return { given: false, settings, photos };
    }
    const record = await readRecordOf(robustness.record, 'robustness');
    for (const [i, cell] of cells.entries()) {
      const { recipe } = runs[cell.run]!;
      const estimate = robustnessOf(
        record,
        recipe.networks.style.sha256,
        Object.keys(recipe.objective.styleLayers)[0]!,
      );
      if (estimate) cells[i] = { ...cell, robustness: estimate };
      else this.#notes.add(`The study of R(f) did not measure ${cell.label}.`);
    }
    return { given: true, settings: record.settings, photos: record.photos };
  }

  async #images(runs: readonly StudyRun[]): Promise<StudyPhoto[]> {
    const named = new Map(runs.flatMap(({ recipe }) => imagesOf(recipe)).map((image) => [image.sha256, image]));
    return [...named.values()].map((image) => ({ ...image, path: this.#paths.get(image.sha256)! }));
  }

  #title(axes: readonly PlannedAxis[]): string {
    const request = this.#request;
    const count = (axis: number, what: string) => {
      const { length } = axes[axis]!.values;
      return `${length} ${what}${length === 1 ? '' : 's'}`;
    };
    const paintings = request.styles.map(({ path }) => basename(path)).join(' + ');
    const subject = request.kind === 'texture' ? paintings : `${basename(request.content)} as ${paintings}`;
    switch (request.kind) {
      case 'compare':
        return `${subject}: ${count(0, 'network')}`;
      case 'grid':
        return `${subject}: ${axes.map(({ label }) => label).join(' by ')}`;
      case 'pairs':
        return `${subject}: ${count(0, 'content network')} with ${count(1, 'style network')}`;
      case 'layers':
        return `${subject}: single layers of ${count(0, 'network')}`;
      case 'texture':
        return `Textures of ${subject}: ${count(axes.length - 1, 'network')}`;
      case 'optimizers':
        return `${subject}: ${count(0, 'optimizer')}`;
    }
  }
}

const SQUEEZENET = 'squeezenet1_1';

/** A recipe with another one's weights and optimizer; layers and rewrites stay the network's own. */
const sharing = (own: PreparedRun['recipe'], lead: PreparedRun['recipe']): PreparedRun['recipe'] => {
  const { styleLayers, contentLayers } = own.objective;
  return { ...own, objective: { ...lead.objective, styleLayers, contentLayers }, optimizer: lead.optimizer };
};

/** R(f) of a layer's features out of a record; undefined where it was not measured there. */
export function robustnessOf(record: RobustnessRecord, sha256: string, layer: string): StudyCell['robustness'] {
  const network = record.networks.find((n) => n.sha256 === sha256);
  const summary = summaries(record).find(
    (s) => s.network === network?.key && s.layer === layer && s.statistic === 'features',
  );
  if (!summary) return undefined;
  const { value, low, high } = summary.robustness;
  return { value, low, high };
}
