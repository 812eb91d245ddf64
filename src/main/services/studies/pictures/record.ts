/** What can be done with the record of a finished study of pictures: repeat it, compare it with another, pick from it. */
import { MadderError } from '../../../../shared/errors.ts';
import { DISTURBANCES, type StudyCell } from '../../../../shared/picture-studies.ts';
import type { Recipe } from '../../../../shared/recipe.ts';
import { applicationVersion } from '../../resources.ts';
import type { PictureRecord } from '../record.ts';
import { recipeAfter } from './variation.ts';

/** The same study with nothing painted or measured: what comes out can be held against the record. */
export function repeatPictures({ finishedAt: _, chosen: __, ...record }: PictureRecord): PictureRecord {
  return {
    ...record,
    program: applicationVersion(),
    createdAt: new Date().toISOString(),
    runs: record.runs.map(({ recipe, networks, snapshots }) => ({ recipe, networks, snapshots, curve: [] })),
    cells: record.cells.map(({ id, at, label, run, evaluation, robustness }) => ({
      ...{ id, at, label, run },
      ...(evaluation === undefined ? {} : { evaluation }),
      // What another record gave is not measured again.
      ...(record.robustness?.given && robustness ? { robustness } : {}),
    })),
  };
}

/**
 * The largest relative difference between the numbers of two records of one study: losses, terms, style distances,
 * judge's figures and R(f), but no times. Infinity where one lacks some of them.
 */
export function largestPictureDifference(a: PictureRecord, b: PictureRecord): number {
  const [own, others] = [numbersOf(a), numbersOf(b)];
  if (own.length !== others.length) return Infinity;
  return own.reduce((largest, [name, value], i) => {
    const [otherName, other] = others[i]!;
    if (name !== otherName) return Infinity;
    if (value === other) return largest;
    if (typeof value !== 'number' || typeof other !== 'number') return Infinity;
    return Math.max(largest, Math.abs(value - other) / Math.max(Math.abs(value), Math.abs(other)));
  }, 0);
}

/** Every number that a study has found, with its name, in an order of its own. */
function numbersOf({ runs, cells }: PictureRecord): (readonly [string, number | string | null])[] {
  return [
    ...runs.flatMap(({ curve, result, failed }, i) => [
      ...curve.map(([evaluation, , loss]) => [`run ${i} evaluation ${evaluation}`, loss] as const),
      ...(result ? [[`run ${i} loss`, result.loss] as const] : []),
      ...(result?.terms ?? []).map(
        ({ kind, network, layer, value }) => [`run ${i} ${kind} ${network} ${layer}`, value] as const,
      ),
      ...(failed === undefined ? [] : [[`run ${i} failed`, failed] as const]),
    ]),
    ...cells.flatMap(({ id, elsewhere = [], judged, robustness, picture }) => [
      [`cell ${id} is painted`, picture === undefined ? 'no' : 'yes'] as const,
      ...elsewhere.flatMap(({ judge, photo, ...distances }) => [
        ...(photo === undefined ? [] : [[`cell ${id} photo under ${judge}`, photo] as const]),
        ...DISTURBANCES.map((name) => [`cell ${id} ${name} under ${judge}`, distances[name]] as const),
      ]),
      ...Object.entries(judged ?? {}).map(([name, value]) => [`cell ${id} judge's ${name}`, value] as const),
      ...(robustness ? [[`cell ${id} robustness`, robustness.value] as const] : []),
    ]),
  ];
}

/** @throws MadderError `input` that names the pictures there are */
export function findCell({ cells }: PictureRecord, id: string): StudyCell {
  const cell = cells.find((other) => other.id === id);
  if (cell) return cell;
  const ids = cells.map((other) => other.id);
  throw new MadderError('input', `There is no picture "${id}" in this study; there are ${ids.join(', ')}.`);
}

/** What paints the picture of a cell by itself. @throws MadderError `input` for the picture that a run begins with */
export function recipeOfCell({ runs }: PictureRecord, { run, evaluation }: StudyCell): Recipe {
  const { recipe } = runs[run]!;
  return evaluation === undefined ? recipe : recipeAfter(recipe, evaluation);
}
