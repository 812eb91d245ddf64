import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planPictures } from '../../../../../src/main/services/studies/pictures/plan.ts';
import {
  findCell,
  largestPictureDifference,
  recipeOfCell,
  repeatPictures,
} from '../../../../../src/main/services/studies/pictures/record.ts';
import { progressOf } from '../../../../../src/main/services/studies/pictures/run.ts';
import {
  elsewhereCsv,
  figuresOf,
  lossesCsv,
  picturesCsv,
} from '../../../../../src/main/services/studies/pictures/tables.ts';
import { combined, recipeAfter, totalAfter } from '../../../../../src/main/services/studies/pictures/variation.ts';
import { product, type PlannedAxis } from '../../../../../src/main/services/studies/pictures/axes.ts';
import { elsewhereChart, lossChart } from '../../../../../src/main/services/studies/pictures/charts.ts';
import { magnified, wrapped } from '../../../../../src/main/services/studies/pictures/sheet.ts';
import { pictureRecordSchema, type PictureRecord } from '../../../../../src/main/services/studies/record.ts';
import { logAxisOf, textWidth } from '../../../../../src/main/services/studies/svg.ts';
import { makeFiles, RESNET, VGG, type Files } from './study.ts';

let files: Files;
let planned: PictureRecord;
/** Numbers are made up. */
let finished: PictureRecord;
beforeAll(async () => {
  files = await makeFiles();
  const { record } = await planPictures({
    kind: 'grid',
    content: files.photo,
    styles: [{ path: files.painting }],
    settings: { size: 48 },
    network: VGG,
    axes: [
      { parameter: 'network', values: [VGG, RESNET] },
      { parameter: 'iterations', values: [0, 2, 4] },
    ],
    judges: [VGG],
  });
  planned = record;
  finished = {
    ...record,
    finishedAt: '2026-01-02T03:04:05.678Z',
    runs: record.runs.map((run, i) => ({
      ...run,
      curve: [
        [1, 0.5, 4 + i],
        [2, 1, 2 + i],
        [3, 1.5, null],
        [4, 2, 1 + i],
      ],
      result: {
        ...{ loss: 1 + i, evaluations: 4, seconds: 2, width: 48, height: 40, provider: 'cpu' },
        terms: [{ kind: 'style', network: 'style', layer: 'relu1_1', value: 0.5, weighted: 0.5 }],
      },
    })),
    cells: record.cells.map((cell, i) => ({
      ...cell,
      picture: `pictures/${cell.id}.png`,
      elsewhere: [
        {
          ...{ judge: record.judges[0]!.key, photo: 1, unchanged: 0.1 * (i + 1) },
          ...{ shifted: 0.2, jpeg: 0.3, noisy: 0.4 },
        },
      ],
    })),
  };
});
afterAll(() => files.remove());

describe('the record of a study of pictures', () => {
  it('is read back as it was written', () => {
    for (const record of [planned, finished]) {
      expect(pictureRecordSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
    }
  });

  it.each<[string, (record: PictureRecord) => unknown, RegExp]>([
    ['cells beside its axes', (r) => (r.cells[0]!.at[0] = 7), /do not lie on its axes/],
    ['cells without a run', (r) => (r.cells[0]!.run = 7), /do not belong to its runs/],
    ['two cells of one name', (r) => (r.cells[1]!.id = r.cells[0]!.id), /one name/],
    ['networks that it does not describe', (r) => r.networks.pop(), /does not describe its networks/],
    ['pictures from nowhere', (r) => r.images.pop(), /where its pictures were/],
    ['a pick of nothing', (r) => (r.chosen = '9-9'), /none of its own/],
    ['files outside its folder', (r) => (r.cells[0]!.picture = '../secret.png'), /inside the folder/],
    ['absolute files', (r) => (r.cells[0]!.picture = '/etc/passwd'), /inside the folder/],
  ])('is refused with %s', (_, change, words) => {
    const record = structuredClone(finished);
    change(record);
    expect(() => pictureRecordSchema.parse(record)).toThrow(words);
  });

  it('is repeated with nothing done, and held against the repetition', () => {
    const repeated = repeatPictures({ ...finished, chosen: '1-1' });
    expect(progressOf(repeated)).toEqual({ done: 0, total: 2 * 4 + 6 });
    expect(progressOf(finished)).toEqual({ done: 14, total: 14 });
    expect(repeated).not.toHaveProperty('finishedAt');
    expect(repeated).not.toHaveProperty('chosen');
    expect(repeated.cells).toEqual(planned.cells);
    expect(largestPictureDifference(finished, finished)).toBe(0);
    expect(largestPictureDifference(finished, repeated)).toBe(Infinity);
    const nearly = structuredClone(finished);
    nearly.cells[2]!.elsewhere![0]!.jpeg *= 1.01;
    expect(largestPictureDifference(finished, nearly)).toBeCloseTo(0.01, 3);
    expect(largestPictureDifference(nearly, finished)).toBe(largestPictureDifference(finished, nearly));
    nearly.runs[0]!.curve[2]![2] = 1;
    expect(largestPictureDifference(finished, nearly)).toBe(Infinity);
    const slower = structuredClone(finished);
    slower.runs[0]!.curve[0]![1] = 100;
    slower.runs[0]!.result!.seconds = 100;
    expect(largestPictureDifference(finished, slower)).toBe(0);
  });

  it('knows what paints each of its pictures', () => {
    expect(recipeOfCell(finished, findCell(finished, '1-3'))).toEqual(finished.runs[0]!.recipe);
    const onTheWay = recipeOfCell(finished, findCell(finished, '2-2'));
    expect(onTheWay.schedule.levels).toEqual([{ factor: 1, evaluations: 2 }]);
    expect(() => recipeOfCell(finished, findCell(finished, '1-1'))).toThrow(/no recipe paints it/);
    expect(() => findCell(finished, '3-1')).toThrow(/there are 1-1, 1-2, 1-3, 2-1/);
  });

  it('becomes tables', () => {
    expect(figuresOf(finished).map(({ id, loss, seconds, evaluations }) => [id, loss, seconds, evaluations])).toEqual([
      ['1-1', undefined, undefined, 0],
      ['1-2', 2, 1, 2],
      ['1-3', 1, 2, 4],
      ['2-1', undefined, undefined, 0],
      ['2-2', 3, 1, 2],
      ['2-3', 2, 2, 4],
    ]);
    const lines = picturesCsv(finished).split('\r\n');
    expect(lines[0]).toMatch(/^id,label,network,iterations,style_network/);
    expect(lines[2]).toMatch(/^1-2,"vgg16-thin.weights, 2 iterations",vgg16-thin.weights,2,/);
    expect(lines).toHaveLength(8);
    expect(lossesCsv(finished).split('\r\n')[3]).toBe('1,network vgg16-thin.weights,3,1.5,');
    expect(elsewhereCsv(finished)!.split('\r\n')[1]).toMatch(
      /,vgg16-thin.weights,vgg16-thin.weights,1,0.1,0.2,0.3,0.4$/,
    );
    expect(elsewhereCsv(planned)).toBeUndefined();
  });

  it('becomes charts, where there is something to draw', () => {
    expect(lossChart(planned)).toBeUndefined();
    expect(elsewhereChart(planned)).toBeUndefined();
    const losses = lossChart(finished)!;
    expect(losses.match(/<path /g)).toHaveLength(2 + 2 * 2);
    // The evaluation without a finite loss leaves a hole in the line.
    expect(losses).toMatch(/d="M[\d. ]+L[\d. ]+M[\d. ]+" fill="none"/);
    const elsewhere = elsewhereChart(finished)!;
    expect(elsewhere.match(/<circle /g)).toHaveLength(4 + 6 * 4);
    for (const chart of [losses, elsewhere]) expect(chart).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('variations', () => {
  it('are combined, the later one counting', () => {
    expect(
      combined([
        { network: 'a', changes: { size: 1, seed: 2 }, rewrites: [{ octaves: 2 }] },
        { network: 'b', changes: { seed: 3 }, rewrites: [{ firstPadding: 'edge' }] },
      ]),
    ).toEqual({ network: 'b', changes: { size: 1, seed: 3 }, rewrites: [{ octaves: 2 }, { firstPadding: 'edge' }] });
    expect(combined([])).toEqual({});
  });

  it('give a cell to every combination, once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }), (counts) => {
        const axes = counts.map((count, axis): PlannedAxis => ({
          ...{ name: String(axis), label: String(axis) },
          values: Array.from({ length: count }, (_, i) => ({
            label: `${axis}:${i}`,
            variation: { changes: { seed: i } },
          })),
        }));
        const cells = product(axes);
        expect(cells).toHaveLength(counts.reduce((a, b) => a * b, 1));
        expect(new Set(cells.map(({ at }) => at.join('-'))).size).toBe(cells.length);
        for (const { at, label, variation } of cells) {
          expect(label).toBe(at.map((value, axis) => `${axis}:${value}`).join(', '));
          expect(variation.changes!.seed).toBe(at.at(-1));
        }
      }),
    );
  });

  it('shorten a recipe to the evaluations of a picture on its way', () => {
    const { recipe } = planned.runs[0]!;
    const levels = [
      { factor: 0.5, evaluations: 7 },
      { factor: 1, evaluations: 9 },
    ];
    const long = { ...recipe, schedule: { ...recipe.schedule, levels } };
    expect(totalAfter(long, 0)).toBe(7);
    for (let n = 1; n <= 9; n++) {
      expect(recipeAfter(long, totalAfter(long, n)).schedule.levels.map((l) => l.evaluations)).toEqual([7, n]);
    }
    expect(() => recipeAfter(long, 7)).toThrow(/no recipe paints it/);
  });
});

describe('drawing', () => {
  it('finds round powers of ten around positive values', () => {
    expect(logAxisOf([0.15, 0.45]).ticks).toEqual([0.1, 0.2, 0.5]);
    expect(logAxisOf([3e-9, 2e4]).ticks).toEqual([1e-9, 1e-7, 1e-5, 0.001, 0.1, 10, 1000, 1e5]);
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1e-12, max: 1e12, noNaN: true }), { minLength: 1 }), (values) => {
        const { at, ticks } = logAxisOf(values);
        expect(ticks.length).toBeLessThanOrEqual(9);
        expect(at(ticks[0]!)).toBeCloseTo(0, 9);
        for (const value of values) expect(at(value) > -1e-9 && at(value) < 1 + 1e-9).toBe(true);
      }),
    );
    expect(logAxisOf([]).at(0.1)).toBe(0);
    expect(logAxisOf([1, 10]).at(0)).toBe(0);
  });

  it('wraps words into lines, and loses none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }),
        fc.integer({ min: 20, max: 400 }),
        (words, width) => {
          const lines = wrapped(words.join(' '), width, 20);
          expect(lines.join(' ')).toBe(words.join(' '));
          for (const line of lines) expect(textWidth(line, 20) <= width || !line.includes(' ')).toBe(true);
        },
      ),
    );
  });

  it('magnifies pixels to squares', () => {
    const small = { width: 2, height: 1, data: Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6) };
    const large = magnified(small, 2);
    expect(large).toMatchObject({ width: 4, height: 2 });
    expect([...large.data.slice(0, 8)]).toEqual([0.1, 0.1, 0.2, 0.2, 0.1, 0.1, 0.2, 0.2].map(Math.fround));
    expect([...large.data.slice(16, 20)]).toEqual([0.5, 0.5, 0.6, 0.6].map(Math.fround));
  });
});
