import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { MadderError } from '../../../src/shared/errors.ts';
import { recipeSchema, type Recipe } from '../../../src/shared/recipe.ts';
import { changeRewrites, changeSettings } from '../../../src/shared/recipe-changes.ts';
import { migrateRecipe } from '../../../src/shared/recipe-migrations.ts';
import { weightsAt } from '../../../src/shared/recipe-timeline.ts';

type Fields = Record<string, unknown>;

const fixture = async (name: string): Promise<Fields> =>
  JSON.parse(await readFile(new URL(`../../fixtures/recipes/${name}.json`, import.meta.url), 'utf8')) as Fields;

let written: Fields;
let recipe: Recipe;
beforeAll(async () => {
  written = await fixture('version-1');
  recipe = migrateRecipe(written);
});

/** The fixture with the value at a dotted path replaced. */
function having(path: string, value: unknown): Fields {
  const copy = structuredClone(written);
  const keys = path.split('.');
  const last = keys.pop()!;
  const parent = keys.reduce<Fields>((fields, key) => fields[key] as Fields, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

/** A mask of a style by its place, or of the photo. */
const mask = (region: number | 'photo') => ({
  image: { sha256: 'a'.repeat(64), name: 'mask.png', width: 4, height: 3 },
  region: region === 'photo' ? { kind: 'photo' } : { kind: 'style', style: region },
});

function sentence(value: unknown): string {
  try {
    migrateRecipe(value);
  } catch (error) {
    expect(error).toBeInstanceOf(MadderError);
    return (error as Error).message;
  }
  throw new Error('it was not refused');
}

describe('migrateRecipe', () => {
  it('opens files of every version', async () => {
    for (const name of ['version-0', 'version-1-early', 'version-1']) {
      const opened = migrateRecipe(await fixture(name));
      expect(opened).toMatchObject({ version: 1, masks: [], content: { name: 'lake.jpg' } });
      // What is written now is opened as it is.
      expect(migrateRecipe(JSON.parse(JSON.stringify(opened)))).toEqual(opened);
    }
  });

  it('gives an old recipe the meaning that it had', async () => {
    const opened = migrateRecipe(await fixture('version-0'));
    expect(opened).toMatchObject({ timeline: [], colour: 'style', schedule: { size: 64, side: 'long' } });
    expect(opened).toEqual(migrateRecipe(await fixture('version-1-early')));
  });

  it('paints pixels that do not move where nothing else is said', async () => {
    const opened = migrateRecipe(await fixture('version-1-early'));
    expect(opened).toMatchObject({
      parameterization: { kind: 'pixels' },
      transforms: { jitter: 0, scale: 0, rotate: 0 },
    });
    expect(migrateRecipe(having('parameterization', { kind: 'fourier' })).parameterization).toEqual({
      kind: 'fourier',
      decay: 1,
    });
  });

  it('refuses to move a picture for an optimizer without line search', () => {
    const moving = (optimizer: unknown) => ({ ...having('transforms', { rotate: 3 }), optimizer });
    expect(sentence(moving({ kind: 'lbfgs', lineSearch: 'none' }))).toMatch(
      /the transforms need Adam, or L-BFGS with its line search/,
    );
    for (const kind of ['adam', 'lbfgs']) expect(migrateRecipe(moving({ kind })).transforms.rotate).toBe(3);
  });

  it('turns levels in px into factors', () => {
    expect(recipe.schedule.levels).toEqual([
      { factor: 0.5, evaluations: 20 },
      { factor: 1, evaluations: 10 },
    ]);
    expect(
      migrateRecipe(
        having('schedule', {
          size: 500,
          levels: [
            { size: 333, evaluations: 1 },
            { size: 500, evaluations: 1 },
          ],
        }),
      ).schedule.levels.map((l) => Math.round(500 * l.factor)),
    ).toEqual([333, 500]);
  });

  it.each([
    ['nothing', null, /^This is not a recipe/],
    ['a list', [], /^This is not a recipe/],
    ['no version', {}, /^This is not a recipe/],
    ['a broken version', { version: 0.5 }, /^This is not a recipe/],
    ['a newer version', { version: 7 }, /newer Madder \(version 7; this one knows 1\); update/],
  ])('refuses %s', (_name, value, words) => {
    expect(sentence(value)).toMatch(words);
  });

  it.each([
    ['texture', 1, 'the setting "texture" is unknown'],
    ['colour', 'sepia', 'the colour must be one of style, luminance, match'],
    ['styles.0.weigth', 1, 'the setting "weigth" in style 1 is unknown'],
    ['styles.0.weight', -1, 'the weight of style 1 must be at least 0'],
    ['styles.0.weight', 'much', 'the weight of style 1 must be a finite number'],
    ['styles', [], 'the styles must have at least 1 entry'],
    ['content', undefined, 'the photo is missing'],
    ['content.sha256', 'abc', 'the hash of the photo must be 64 lower-case hexadecimal digits'],
    ['schedule.size', 0, 'the size of the schedule must be at least 1'],
    ['schedule.side', 'wide', 'the side that is meant of the schedule must be one of long, short'],
    ['schedule.levels.1.factor', 0.5, 'level 2 of the schedule is the last one and must have the size of the result'],
    ['schedule.levels.0.factor', 0.5, 'level 1 of the schedule needs either a factor or a size'],
    ['schedule.levels.0.size', 513, "the size of level 1 of the schedule must be at most the result's, 512"],
    [
      'schedule.levels.0.evaluations',
      1.5,
      'the number of evaluations of level 1 of the schedule must be a whole number',
    ],
    ['objective.styleLayers.relu1_1', -1, 'the weight of the style layer relu1_1 must be at least 0'],
    ['objective.normalization', 'none', 'the normalization of the objective must be one of relative, mean, gatys2015'],
    [
      'networks.style.normalization.std.1',
      0,
      'entry 2 of the deviation of the normalization of the style network must be above 0',
    ],
    ['networks.style.rewrites', [{ paint: 1 }], 'rewrite 1 of the style network is none that Madder knows'],
    ['optimizer.kind', 'sgd', 'the kind of the optimizer is none that Madder knows'],
    ['parameterization', { kind: 'wavelets' }, 'the kind of the parameterization is none that Madder knows'],
    ['parameterization', { kind: 'fourier', decay: 3 }, 'the decay of the spectrum must be at most 2'],
    ['parameterization', { kind: 'pixels', decay: 1 }, 'the setting "decay" in the parameterization is unknown'],
    ['masks', [mask(-1)], 'the style of the region of mask 1 must be at least 0'],
    ['masks', [mask(0), mask(1)], 'the region of mask 2 names a style that the recipe does not have'],
    ['masks', [mask(0), mask('photo'), mask(0)], 'the region of mask 3 has a mask already'],
    ['masks', [mask('photo'), mask('photo')], 'the region of mask 2 has a mask already'],
    [
      'masks',
      [{ ...mask('photo'), region: { kind: 'sky' } }],
      'the kind of the region of mask 1 is none that Madder knows',
    ],
    ['transforms', { jitter: 1.5 }, 'the jitter of the transforms must be a whole number'],
    ['transforms', { scale: 1 }, 'the scale of the transforms must be at most 0.9'],
    ['transforms', { rotate: -1 }, 'the rotation of the transforms must be at least 0'],
    ['timeline.1.evaluation', -1, "the evaluation of the timeline's change 2 must be at least 0"],
    ['timeline.2.evaluation', 3, "the evaluation of the timeline's change 3 comes before that of the change above it"],
    ['timeline.1.weights.styleLayers', { relu9_9: 1 }, 'relu9_9'],
    ['seed', 2 ** 32, 'the seed must be at most 4294967295'],
  ])('names %s in words', (path, value, words) => {
    const message = sentence(having(path, value));
    expect(message).toMatch(/^This recipe cannot be used: [^\n]*\.$/);
    expect(message).toContain(words);
  });

  it('says something about whatever is not a recipe', () => {
    const places = fc.constantFrom(
      'content',
      'styles',
      'networks',
      'objective',
      'schedule',
      'timeline',
      'optimizer',
      'init',
    );
    fc.assert(
      fc.property(places, fc.jsonValue(), (place, value) => {
        try {
          migrateRecipe(having(place, value));
        } catch (error) {
          if (!(error instanceof MadderError)) throw error;
        }
      }),
    );
  });
});

describe('weightsAt', () => {
  it('changes weights just before their evaluation and leaves the others', () => {
    const { normalization: _, ...own } = recipe.objective;
    const from0 = { ...own, variation: 0.5 };
    const from12 = { ...from0, styleLayers: { ...own.styleLayers, relu1_1: 0.25 } };
    const from25 = { ...from12, style: 2, contentLayers: { relu4_2: 0.5 } };
    expect(weightsAt(recipe, 0)).toEqual(from0);
    expect(weightsAt(recipe, 11)).toEqual(from0);
    expect(weightsAt(recipe, 12)).toEqual(from12);
    expect(weightsAt(recipe, 24)).toEqual(from12);
    expect(weightsAt(recipe, 25)).toEqual(from25);
    expect(weightsAt(recipe, 1e9)).toEqual(from25);
    expect(weightsAt({ ...recipe, timeline: [] }, 99)).toEqual(own);
  });

  it('takes the last of several changes before one evaluation', () => {
    const timeline = [
      { evaluation: 3, weights: { style: 5, content: 1 } },
      { evaluation: 3, weights: { style: 7 } },
    ];
    expect(weightsAt({ ...recipe, timeline }, 3)).toMatchObject({ style: 7, content: 1 });
  });

  it('does not touch the recipe', () => {
    const before = structuredClone(recipe);
    weightsAt(recipe, 100);
    expect(recipe).toEqual(before);
  });
});

describe('changeSettings', () => {
  it('leaves a recipe alone where nothing is said', () => {
    expect(changeSettings(recipe, {})).toEqual(recipe);
  });

  it('changes whose colours the picture gets', () => {
    const changed = changeSettings(recipe, { colour: 'match' });
    expect(changed).toEqual({ ...recipe, colour: 'match' });
    expect(migrateRecipe(JSON.parse(JSON.stringify(changed)))).toEqual(changed);
  });

  it('changes the transforms that are named', () => {
    const turned = changeSettings(recipe, { transforms: { rotate: 5 } });
    expect(turned).toEqual({ ...recipe, transforms: { ...recipe.transforms, rotate: 5 } });
    expect(changeSettings(turned, { transforms: { jitter: 2 } }).transforms).toEqual({
      jitter: 2,
      scale: 0,
      rotate: 5,
    });
  });

  it('keeps the proportions of levels and timeline with other iterations', () => {
    const { schedule, timeline } = changeSettings(recipe, { iterations: 20, size: 100 });
    expect(schedule).toMatchObject({ size: 100, side: 'short' });
    expect(schedule.levels.map((l) => l.evaluations)).toEqual([40, 20]);
    expect(timeline.map((t) => t.evaluation)).toEqual([0, 24, 50]);
  });

  it('makes a given weight hold to the end', () => {
    const changed = changeSettings(recipe, { variation: 0, layers: { relu1_1: 3 }, contentLayers: { relu4_2: 1 } });
    for (const evaluation of [0, 20, 30]) {
      const { variation, styleLayers, contentLayers } = weightsAt(changed, evaluation);
      expect([variation, styleLayers['relu1_1'], contentLayers['relu4_2']]).toEqual([0, 3, 1]);
    }
    expect(weightsAt(changed, 30).style).toBe(2);
    expect(recipeSchema.safeParse(changed).success).toBe(true);
  });

  it('multiplies the style weight throughout', () => {
    const changed = changeSettings(recipe, { strength: 3 });
    expect(weightsAt(changed, 0).style).toBe(3 * recipe.objective.style);
    expect(weightsAt(changed, 30).style).toBe(6);
  });
});

describe('changeRewrites', () => {
  it('replaces what is of the same kind', () => {
    const own = [{ pooling: { kind: 'max' as const } }, { identityGradient: ['relu5_x'] }];
    expect(changeRewrites(own, {})).toEqual(own);
    expect(changeRewrites(own, { pooling: 'l2', firstPadding: 'edge' })).toEqual([
      { identityGradient: ['relu5_x'] },
      { pooling: { kind: 'l2' } },
      { firstPadding: 'edge' },
    ]);
    const remedies = changeRewrites([{ strides: 'blur' }, ...own], { shortcuts: 'average', strides: 'blur' });
    expect(remedies).toEqual([...own, { shortcuts: 'average' }, { strides: 'blur' }]);
  });
});
