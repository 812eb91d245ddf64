/** The numbers of a study of pictures, for people and for other programs. */
import { DISTURBANCES, type StudyCell } from '../../../../shared/picture-studies.ts';
import { csv } from '../csv.ts';
import type { PictureRecord } from '../record.ts';
import { evaluationsOf } from './variation.ts';

/** What is known of a picture. */
export interface PictureFigures {
  readonly id: string;
  readonly label: string;
  /** Names of the networks. */
  readonly network: string;
  readonly contentNetwork: string;
  readonly picture: string | undefined;
  /** Over all levels. */
  readonly evaluations: number | undefined;
  readonly seconds: number | undefined;
  /** The lowest one at the full size until then. */
  readonly loss: number | undefined;
  /** Why there is no picture. */
  readonly problem: string | undefined;
}

/** One entry per cell, in the record's order, and one for each gap. */
export function figuresOf(record: PictureRecord): PictureFigures[] {
  const { runs, cells, gaps } = record;
  const figures = cells.map((cell): PictureFigures => {
    const { result, failed, networks } = runs[cell.run]!;
    const evaluations = cell.evaluation ?? result?.evaluations;
    const network = nameOf(record, networks.style);
    return {
      ...{ id: cell.id, label: cell.label, network, picture: cell.picture, evaluations },
      contentNetwork: networks.content === undefined ? network : nameOf(record, networks.content),
      seconds: cell.evaluation === undefined ? result?.seconds : secondsUntil(record, cell),
      loss: cell.evaluation === undefined ? result?.loss : lowestUntil(record, cell),
      problem: cell.picture === undefined ? failed : undefined,
    };
  });
  const nothing = { network: '', contentNetwork: '', picture: undefined, evaluations: undefined, seconds: undefined };
  const missing = gaps.map(({ at, label, problem }) => ({
    ...{ ...nothing, id: at.map((i) => i + 1).join('-'), label, loss: undefined, problem },
  }));
  return [...figures, ...missing];
}

const secondsUntil = ({ runs }: PictureRecord, { run, evaluation = 0 }: StudyCell): number | undefined =>
  runs[run]!.curve.findLast(([total]) => total <= evaluation)?.[1];

function lowestUntil({ runs }: PictureRecord, { run, evaluation = 0 }: StudyCell): number | undefined {
  const { curve, recipe } = runs[run]!;
  // Losses of coarser levels are those of smaller pictures.
  const before = evaluationsOf(recipe) - recipe.schedule.levels.at(-1)!.evaluations;
  const losses = curve.flatMap(([total, , loss]) =>
    total > before && total <= evaluation && loss !== null ? [loss] : [],
  );
  return losses.length > 0 ? Math.min(...losses) : undefined;
}

export const nameOf = ({ networks }: PictureRecord, key: string): string =>
  networks.find((network) => network.key === key)!.name;

/** One line per picture, its place along every axis among the columns. */
export function picturesCsv(record: PictureRecord): string {
  const { axes, cells, gaps } = record;
  const places = [...cells, ...gaps].map(({ at }) => at);
  const head = [
    ...['id', 'label', ...axes.map(({ name }) => name), 'style_network', 'content_network'],
    ...['evaluations', 'seconds', 'loss', 'R(f)', 'R(f)_low', 'R(f)_high'],
    ...['judge_style', 'judge_blurred_style', 'judge_content', 'picture', 'problem'],
  ];
  const rows = figuresOf(record).map((figures, i) => {
    const { robustness, judged } = cells[i] ?? {};
    return [
      ...[figures.id, figures.label, ...places[i]!.map((value, axis) => axes[axis]!.values[value]!.label)],
      ...[figures.network, figures.contentNetwork, figures.evaluations, figures.seconds, figures.loss],
      ...[robustness?.value, robustness?.low, robustness?.high],
      ...[judged?.style, judged?.blurredStyle, judged?.content, figures.picture, figures.problem],
    ].map((value) => value ?? '');
  });
  return csv([head, ...rows]);
}

/** One line per run and evaluation. */
export function lossesCsv(record: PictureRecord): string {
  const rows = record.runs.flatMap(({ curve }, run) =>
    curve.map(([evaluation, seconds, loss]) => [run + 1, runLabel(record, run), evaluation, seconds, loss ?? '']),
  );
  return csv([['run', 'label', 'evaluation', 'seconds', 'loss'], ...rows]);
}

/** What people call a run: as its last picture, or as the place of it where pictures on the way lie on an axis. */
export function runLabel({ cells, axes }: PictureRecord, run: number): string {
  const last = cells.findLast((cell) => cell.run === run)!;
  const onTheWay = axes.findIndex(({ name }) => name === 'iterations');
  if (onTheWay < 0) return last.label;
  const others = last.at.flatMap((value, axis) => {
    const { label, values } = axes[axis]!;
    return axis === onTheWay ? [] : [`${label} ${values[value]!.label}`];
  });
  return others.join(', ') || last.label;
}

/** One line per picture and network that measured it; empty where nothing was measured so. */
export function elsewhereCsv(record: PictureRecord): string | undefined {
  const rows = record.cells.flatMap(({ id, label, run, elsewhere = [] }) =>
    elsewhere.map(({ judge, photo, ...distances }) => [
      ...[id, label, nameOf(record, record.runs[run]!.networks.style), nameOf(record, judge), photo ?? ''],
      ...DISTURBANCES.map((name) => distances[name]),
    ]),
  );
  if (rows.length === 0) return undefined;
  return csv([['id', 'label', 'painted_with', 'measured_under', 'photo', ...DISTURBANCES], ...rows]);
}

/** The results with all that determines them, but without recipes and curves. */
export function pictureResultsOf(record: PictureRecord) {
  const { kind, title, program, createdAt, finishedAt, axes, networks, images, judges, cells, chosen } = record;
  return {
    ...{ kind, title, program, createdAt, finishedAt, chosen, axes },
    images: images.map(({ sha256, name }) => ({ sha256, name })),
    networks: networks.map(({ key, id, name, sha256 }) => ({ key, id, name, sha256 })),
    judges: judges.map(({ key, styleLayers }) => ({ key, styleLayers })),
    pictures: figuresOf(record).map((figures, i) => {
      const { at, elsewhere, judged, robustness, unmeasured } = cells[i] ?? {};
      return { ...figures, at, elsewhere, judged, robustness, unmeasured };
    }),
  };
}
