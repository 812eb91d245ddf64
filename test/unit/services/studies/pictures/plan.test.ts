import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planPictures } from '../../../../../src/main/services/studies/pictures/plan.ts';
import { pictureRecordSchema } from '../../../../../src/main/services/studies/record.ts';
import { GRID_PARAMETERS, type PictureStudyInput } from '../../../../../src/shared/picture-studies.ts';
import { finishedRecord } from '../study.ts';
import { makeFiles, RESNET, VGG, type Files } from './study.ts';

let files: Files;
beforeAll(async () => (files = await makeFiles()));
afterAll(() => files.remove());

const base = () => ({
  content: files.photo,
  styles: [{ path: files.painting }],
  settings: { size: 48, iterations: 4 },
});

describe('planning a study of pictures', () => {
  it('compares networks by their own settings, and judges by all of them', async () => {
    const { record, notes } = await planPictures({ kind: 'compare', ...base(), networks: [VGG, RESNET] });
    expect(pictureRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
    expect(record).toMatchObject({ kind: 'compare', title: 'photo.png as painting.png: 2 networks', gaps: [] });
    expect(record.cells).toEqual([
      { id: '1', at: [0], label: 'vgg16-thin.weights', run: 0 },
      { id: '2', at: [1], label: 'resnet18-thin.weights', run: 1 },
    ]);
    expect(record.runs.map(({ networks }) => networks)).toEqual([
      { style: 'vgg16-thin.weights' },
      { style: 'resnet18-thin.weights' },
    ]);
    expect(record.judges.map(({ key }) => key)).toEqual(record.networks.map(({ key }) => key));
    expect(record.judges[1]!.styleLayers).toEqual(record.runs[1]!.recipe.objective.styleLayers);
    expect(record.images.map(({ name }) => name)).toEqual(['photo.png', 'painting.png']);
    expect(notes).toHaveLength(2);
  });

  it('gives all networks the settings of the first one, but for their layers', async () => {
    const request = { kind: 'compare' as const, ...base(), networks: ['madder-vgg', RESNET], preset: 'gentle' };
    const [own, same] = [
      (await planPictures(request)).record.runs.map(({ recipe }) => recipe),
      (await planPictures({ ...request, recipe: 'same' })).record.runs.map(({ recipe }) => recipe),
    ];
    expect(same[0]).toEqual(own[0]);
    expect(same[1]!.objective.styleLayers).toEqual(own[1]!.objective.styleLayers);
    for (const name of ['style', 'content', 'variation', 'normalization'] as const) {
      expect(same[1]!.objective[name]).toBe(own[0]!.objective[name]);
    }
    expect(same[1]!.optimizer).toEqual(own[0]!.optimizer);
  });

  it('spreads a grid over its axes, iterations being pictures on the way of one run', async () => {
    const { record } = await planPictures({
      kind: 'grid',
      ...base(),
      network: VGG,
      axes: [
        { parameter: 'init', values: ['content', 'noise'] },
        { parameter: 'style', values: [1e9, 0.5] },
        { parameter: 'iterations', values: [0, 3, 6] },
      ],
    });
    expect(record.axes.map(({ label, values }) => [label, values.map((value) => value.label)])).toEqual([
      ['start', ['content', 'noise']],
      ['style weight', ['1e9', '0.5']],
      ['iterations', ['0', '3', '6']],
    ]);
    expect(record.cells).toHaveLength(12);
    expect(record.runs).toHaveLength(4);
    expect(record.runs.map(({ snapshots }) => snapshots)).toEqual(Array.from({ length: 4 }, () => [0, 3]));
    for (const { recipe } of record.runs) expect(recipe.schedule.levels.at(-1)!.evaluations).toBe(6);
    expect(record.runs.map(({ recipe }) => [recipe.init.kind, recipe.objective.style])).toEqual([
      ['content', 1e9],
      ['content', 0.5],
      ['noise', 1e9],
      ['noise', 0.5],
    ]);
    expect(record.cells[4]).toMatchObject({
      id: '1-2-2',
      label: 'start content, style weight 0.5, 3 iterations',
      run: 1,
    });
    expect(record.cells[4]!.evaluation).toBe(3);
    expect(record.cells[5]).not.toHaveProperty('evaluation');
  });

  it('counts the iterations of a grid at the full size', async () => {
    const { record } = await planPictures({
      ...{ kind: 'grid', ...base(), network: VGG, settings: { size: 256 } },
      axes: [{ parameter: 'iterations', values: [0, 10] }],
    });
    const [{ recipe, snapshots }] = record.runs as [(typeof record.runs)[0]];
    const levels = recipe.schedule.levels.map(({ evaluations }) => evaluations);
    expect(levels).toEqual([12, 10]);
    expect(snapshots).toEqual([12]);
  });

  it.each(Object.keys(GRID_PARAMETERS) as (keyof typeof GRID_PARAMETERS)[])('varies %s', async (parameter) => {
    const values = {
      ...{ style: [1, 2], content: [0, 1], variation: [0, 1], variationL1: [0, 1], iterations: [1, 2] },
      ...{ size: [40, 48], seed: [1, 2], init: ['content', files.other], layers: ['relu1_1', 'relu1_1+relu2_1'] },
      ...{ contentLayers: ['relu1_1', 'relu2_1'], network: [VGG, RESNET], contentNetwork: [VGG, RESNET] },
      ...{ painting: [files.painting, files.other], optimizer: ['lbfgs-published', 'adam'] },
      ...{ pooling: ['max', 'average'], normalization: ['relative', 'mean'], colour: ['style', 'luminance'] },
      ...{ parameterization: ['pixels', 'fourier'], remedy: ['none', 'smoothing'] },
    }[parameter];
    const { record } = await planPictures({ kind: 'grid', ...base(), network: VGG, axes: [{ parameter, values }] });
    expect(record.cells).toHaveLength(2);
    const told = record.cells.map(({ run, evaluation }) => JSON.stringify([record.runs[run]!.recipe, evaluation]));
    expect(told[0]).not.toBe(told[1]);
  });

  it('pairs content networks with style networks, and uses one network once', async () => {
    const networks = { contentNetworks: [VGG, RESNET], styleNetworks: [VGG, RESNET] };
    const { record } = await planPictures({ kind: 'pairs', ...base(), ...networks });
    expect(record.axes.map(({ label }) => label)).toEqual(['content network', 'style network']);
    const [vgg, resnet] = ['vgg16-thin.weights', 'resnet18-thin.weights'];
    expect(record.runs.map(({ networks: used }) => used)).toEqual([
      { style: vgg },
      { style: resnet, content: vgg },
      { style: vgg, content: resnet },
      { style: resnet },
    ]);
    expect(record.runs[1]!.recipe.networks.content!.id).toBe(vgg);
  });

  it('takes style from one layer at a time, with the R(f) of a record', async () => {
    const robust = finishedRecord();
    const layers = [{ network: VGG, layers: ['relu2_1', 'relu1_1'] }, { layers: ['relu3_x'] }];
    const request = { kind: 'layers' as const, ...base(), networks: [VGG, RESNET, 'madder-random-vgg'] };
    const { record } = await planPictures({ ...request, networks: [VGG, RESNET], layers });
    expect(record.cells.map(({ at, label }) => [at, label])).toEqual([
      [[0, 0], 'vgg16-thin.weights, relu1_1'],
      [[0, 1], 'vgg16-thin.weights, relu2_1'],
      [[1, 0], 'resnet18-thin.weights, relu3_x'],
    ]);
    expect(record.runs.map(({ recipe }) => recipe.objective.styleLayers)).toEqual([
      { relu1_1: 1 },
      { relu2_1: 1 },
      { relu3_x: 1 },
    ]);
    const path = join(files.folder, 'robustness.json');
    const named = { ...robust.networks[0]!, sha256: record.networks[0]!.sha256 };
    writeFileSync(path, JSON.stringify({ ...robust, networks: [named, robust.networks[1]] }));
    const { record: known, notes } = await planPictures({
      ...{ ...request, networks: [VGG, RESNET], layers },
      robustness: { record: path },
    });
    expect(known.cells.map(({ robustness }) => robustness !== undefined)).toEqual([true, true, false]);
    expect(known.robustness).toMatchObject({ given: true, settings: robust.settings });
    expect(notes).toContain('The study of R(f) did not measure resnet18-thin.weights, relu3_x.');
  });

  it('looks at the picture in one size for a single layer, whatever the network suggests', async () => {
    const { record } = await planPictures({
      ...{ kind: 'layers', ...base(), networks: ['madder-vgg'], contentNetwork: 'madder-random-vgg' },
      layers: [{ layers: ['relu2_1'] }],
    });
    expect(record.runs[0]!.recipe.networks.style.rewrites.some((rewrite) => 'octaves' in rewrite)).toBe(false);
    expect(record.runs[0]!.networks).toEqual({ style: 'madder-vgg', content: 'madder-random-vgg' });
  });

  it('makes textures without content, and leaves out what a remedy cannot change', async () => {
    const { record, notes } = await planPictures({
      ...{ kind: 'texture', styles: [{ path: files.painting }, { path: files.other }], settings: { size: 48 } },
      networks: [VGG, RESNET],
      remedies: ['none', 'average-shortcuts', 'transforms'],
    });
    expect(record.axes.map(({ name }) => name)).toEqual(['painting', 'remedy', 'network']);
    for (const { recipe } of record.runs) {
      expect(recipe.objective.content).toBe(0);
      expect(recipe.init).toEqual({ kind: 'noise' });
      expect(recipe.content).toEqual(recipe.styles[0]!.image);
    }
    expect(record.gaps).toHaveLength(2);
    expect(record.gaps[0]).toMatchObject({ at: [0, 1, 0], problem: expect.stringMatching(/no strided 1x1/) });
    expect(notes.some((note) => note.includes('cannot be painted: The network vgg16-thin'))).toBe(true);
    expect(record.cells).toHaveLength(10);
  });

  it('tries optimizers on one recipe', async () => {
    const { record } = await planPictures({ kind: 'optimizers', ...base(), network: VGG });
    expect(record.runs.map(({ recipe }) => recipe.optimizer.kind)).toEqual(['lbfgs', 'lbfgs', 'adam']);
    const [first, ...others] = record.runs.map(({ recipe: { optimizer: _, ...rest } }) => rest);
    for (const other of others) expect(other).toEqual(first);
  });

  const refused: [string, (files: Files) => PictureStudyInput | object, RegExp][] = [
    ['no networks', () => ({ kind: 'compare', ...base(), networks: [] }), /must have at least 1 entry/],
    ['a network twice', () => ({ kind: 'compare', ...base(), networks: [VGG, VGG] }), /given twice/],
    ['an unknown network', () => ({ kind: 'compare', ...base(), networks: ['none'] }), /no network "none"/],
    [
      'a photo that is not there',
      () => ({ kind: 'compare', ...base(), content: 'none.png', networks: [VGG] }),
      /none\.png/,
    ],
    [
      'a start that is not there',
      () => ({ ...grid([{ parameter: 'init', values: ['content', 'none.png'] }]) }),
      /none\.png/,
    ],
    [
      'values of another kind',
      () => grid([{ parameter: 'style', values: ['much'] }]),
      /of style weight must be numbers/,
    ],
    ['an unknown choice', () => grid([{ parameter: 'optimizer', values: ['sgd'] }]), /must be among lbfgs/],
    ['half iterations', () => grid([{ parameter: 'iterations', values: [1.5] }]), /must be whole numbers/],
    ['no iterations at all', () => grid([{ parameter: 'iterations', values: [0] }]), /at least one number above/],
    ['a value twice', () => grid([{ parameter: 'seed', values: [1, 1] }]), /must be different ones/],
    [
      'a setting twice',
      () =>
        grid([
          { parameter: 'seed', values: [1] },
          { parameter: 'seed', values: [2] },
        ]),
      /must vary different settings/,
    ],
    ['layers that are nowhere', () => grid([{ parameter: 'layers', values: ['relu9_9'] }]), /no layer "relu9_9"/],
    ['an empty set of layers', () => grid([{ parameter: 'layers', values: ['relu1_1+'] }]), /no set of layers/],
    [
      'layers of another network',
      () => ({ kind: 'layers', ...base(), networks: [VGG], layers: [{ network: 'vgg19', layers: ['relu1_1'] }] }),
      /none of the networks/,
    ],
    [
      'another judge than SqueezeNet',
      () => ({ kind: 'compare', ...base(), networks: [VGG], squeezenet: RESNET }),
      /is not SqueezeNet/,
    ],
    [
      'a judge of textures',
      () => ({ kind: 'texture', styles: base().styles, networks: [VGG], squeezenet: VGG }),
      /one photo and one painting/,
    ],
  ];
  const grid = (axes: readonly object[]): object => ({ kind: 'grid', ...base(), network: VGG, axes });

  it.each(refused)('refuses %s in one sentence', async (_, request, words) => {
    await expect(planPictures(request(files) as PictureStudyInput)).rejects.toThrow(words);
  });
});
