/** Studies that paint pictures, in the laboratory. */
import { MadderError } from '../../../../shared/errors.ts';
import type { PictureStudyInput, PictureStudyKind, StudyCell, StudyRun } from '../../../../shared/picture-studies.ts';
import type { Sheet, SheetCell, SheetOriginal, StudyRequestOf } from '../../../../shared/studio/studies.ts';
import { levelSize } from '../../../engine/runs/schedule.ts';
import { exportPictures } from '../../studies/pictures/export.ts';
import { planPictures, type StudyBasis } from '../../studies/pictures/plan.ts';
import { findCell, largestPictureDifference, recipeOfCell, repeatPictures } from '../../studies/pictures/record.ts';
import { progressOf, runPictures } from '../../studies/pictures/run.ts';
import { captionsOf } from '../../studies/pictures/sheet.ts';
import type { PictureRecord } from '../../studies/record.ts';
import { studyPreset } from '../documents.ts';
import type { StudyDriver, Surroundings } from './driver.ts';

/** Points that are sent of a curve: more than a chart has room for. */
const MOST_POINTS = 400;

export const pictureDriver: StudyDriver<PictureStudyKind, PictureRecord> = {
  onDevice: true,

  async plan(request, surroundings) {
    const planned = await planPictures(await inputOf(request, surroundings), basisOf(request, surroundings));
    const { robustness, cells } = planned.record;
    if (robustness?.given && cells.every((cell) => !cell.robustness)) {
      throw new MadderError(
        'input',
        'The study of R(f) measured none of these layers; choose another study, or measure them anew.',
      );
    }
    return planned;
  },

  run: (record, file, { onChange, ...options }) => runPictures(record, file, { ...options, onRecord: onChange }),

  write: async (record, folder) => (await exportPictures(record, folder)).notes,
  repeat: repeatPictures,
  difference: largestPictureDifference,
  progress: progressOf,

  view(record, picture, original) {
    const { axes, cells, gaps, networks, judges, images, kind, chosen } = record;
    const nameOf = (key: string): string => networks.find((network) => network.key === key)?.name ?? key;
    return {
      sources: images.map(({ name }) => name),
      networks: networks.map(({ name }) => name),
      sheet: {
        axes,
        cells: [
          ...cells.map((cell, place) => shownCell(record, cell, picture(place))),
          ...gaps.map(({ at, label, problem }) => {
            return { id: `gap ${at.join('-')}`, at, label, problem, picture: null, recipe: false };
          }),
        ],
        originals: images.map((image, place) => {
          const { name, width, height } = image;
          return { role: roleOf(record, image.sha256), name, picture: original(place), width, height };
        }),
        judges: judges.map(({ key }) => ({ key, name: nameOf(key) })),
        curves: kind === 'optimizers' ? curvesOf(record) : [],
        ...(chosen === undefined ? {} : { chosen }),
      },
    };
  },

  originals: ({ images }) => images.map(({ sha256 }) => sha256),
  longSide: ({ runs }) =>
    Math.max(
      ...runs.map(({ recipe: { schedule, content } }) => {
        const { width, height } = levelSize(schedule, schedule.levels.length - 1, content);
        return Math.max(width, height);
      }),
    ),

  pictures: ({ cells }) =>
    new Map(cells.flatMap(({ picture }, place) => (picture === undefined ? [] : [[place, picture] as const]))),

  recipe: (record, cell) => recipeOfCell(record, findCell(record, cell)),
  pick({ chosen: _, ...record }, cell) {
    return cell === undefined ? record : { ...record, chosen: findCell(record, cell).id };
  },

  thumbnail({ cells, chosen }) {
    const painted = (place: number): boolean => cells[place]?.picture !== undefined;
    const picked = cells.findIndex(({ id }) => id === chosen);
    const first = cells.findIndex((_, place) => painted(place));
    return painted(picked) ? picked : first < 0 ? undefined : first;
  },

  uses: ({ images, networks, robustness }) => ({
    pictures: [...images, ...(robustness?.photos ?? [])].map(({ sha256 }) => sha256),
    networks: networks.map(({ id }) => id),
  }),
};

/** What a study paints with where it paints as the studio does. @throws MadderError `input` without that network */
function basisOf(
  request: StudyRequestOf<PictureStudyKind>,
  { network, manifest }: Surroundings,
): StudyBasis | undefined {
  if (!('asInStudio' in request) || !request.asInStudio) return undefined;
  const own = network(request.asInStudio.network);
  return { preset: studyPreset(request.asInStudio, { manifest }), network: own };
}

/** The request with files and networks in place of hashes and ids. */
async function inputOf(
  request: StudyRequestOf<PictureStudyKind>,
  { source, network, robustness: recordOf }: Surroundings,
): Promise<PictureStudyInput> {
  const { title, judges } = request;
  const pooling = 'asInStudio' in request ? request.asInStudio?.settings.pooling : undefined;
  const settings = { ...(pooling === undefined ? {} : { pooling }), ...request.settings };
  const styles = [];
  for (const { picture, weight, scale } of request.styles) styles.push({ path: await source(picture), weight, scale });
  const common = { title, settings, styles, ...(judges ? { judges: judges.map(network) } : {}) };
  if (request.kind === 'texture') {
    return { kind: request.kind, ...common, networks: request.networks.map(network), remedies: request.remedies };
  }
  const painted = { ...common, content: await source(request.photo) };
  switch (request.kind) {
    case 'compare':
      return { kind: request.kind, ...painted, networks: request.networks.map(network), recipe: request.recipe };
    case 'grid': {
      const axes = [];
      for (const axis of request.axes) axes.push(await axisOf(axis, { source, network }));
      const { contentNetwork } = request;
      return {
        ...{ kind: request.kind, ...painted, axes, network: network(request.network) },
        ...(contentNetwork === undefined ? {} : { contentNetwork: network(contentNetwork) }),
      };
    }
    case 'pairs': {
      const { contentNetworks, styleNetworks } = request;
      return {
        ...{ kind: request.kind, ...painted },
        contentNetworks: contentNetworks.map(network),
        styleNetworks: styleNetworks.map(network),
      };
    }
    case 'layers': {
      const { robustness } = request;
      const layers = {
        ...{ kind: request.kind, ...painted, networks: request.networks.map(({ id }) => network(id)) },
        layers: request.networks.flatMap(({ id, layers }) => (layers ? [{ network: id, layers }] : [])),
      };
      if (!robustness) return layers;
      if ('study' in robustness) return { ...layers, robustness: { record: recordOf(robustness.study) } };
      const photos = [];
      for (const photo of robustness.photos) photos.push(await source(photo));
      return { ...layers, robustness: { photos, count: photos.length, settings: robustness.settings } };
    }
    case 'optimizers':
      return { kind: request.kind, ...painted, network: network(request.network), optimizers: request.optimizers };
  }
}

type Axis = StudyRequestOf<'grid'>['axes'][number];

/** Values that name files or networks to the planner are the library's and the installed ones. */
async function axisOf(
  { parameter, values }: Axis,
  { source, network }: Pick<Surroundings, 'source' | 'network'>,
): Promise<Axis> {
  switch (parameter) {
    case 'painting': {
      const paths = [];
      for (const value of values) paths.push(await source(String(value)));
      return { parameter, values: paths };
    }
    case 'network':
    case 'contentNetwork':
      return { parameter, values: values.map((value) => network(String(value))) };
    case 'init':
      if (values.every((value) => value === 'content' || value === 'noise')) return { parameter, values };
      throw new MadderError('input', 'A study in the laboratory begins with the photo or with noise.');
    default:
      return { parameter, values };
  }
}

/** A texture's painting serves as its photo too, and is shown as what it is. */
function roleOf({ runs, kind }: PictureRecord, sha256: string): SheetOriginal['role'] {
  const recipes = runs.map(({ recipe }) => recipe);
  if (kind !== 'texture' && recipes.some(({ content }) => content.sha256 === sha256)) return 'photo';
  return recipes.some(({ styles }) => styles.some(({ image }) => image.sha256 === sha256)) ? 'painting' : 'start';
}

function shownCell(record: PictureRecord, cell: StudyCell, picture: string): SheetCell {
  const { id, at, label, elsewhere, judged, robustness, unmeasured, evaluation } = cell;
  const { runs, kind } = record;
  const { result, failed, curve } = runs[cell.run]!;
  const captions = captionsOf(record, cell);
  const problem = failed ?? unmeasured?.map((one) => one.problem).join(' ');
  // A picture that a run began with has no recipe of its own.
  const recipe = evaluation !== 0;
  const reached = curve.at(-1)?.[0];
  return {
    ...{ id, at, label, recipe },
    ...(captions.length > 0 ? { captions } : {}),
    picture: cell.picture === undefined ? null : picture,
    ...(result ? resultOf(result, evaluation) : reached === undefined ? {} : { evaluations: reached }),
    ...(elsewhere ? { elsewhere } : {}),
    ...(judged ? { judged } : {}),
    ...(robustness && kind === 'layers' ? { robustness } : {}),
    ...(problem === undefined ? {} : { problem }),
  };
}

/** Loss and time are those of the last picture; a snapshot on the way has none of its own. */
const resultOf = (
  { width, height, loss, evaluations, seconds }: NonNullable<StudyRun['result']>,
  evaluation: number | undefined,
) =>
  evaluation === undefined ? { width, height, loss, evaluations, seconds } : { width, height, evaluations: evaluation };

/** One curve for each run, called as its last picture is. */
const curvesOf = ({ runs, cells }: PictureRecord): Sheet['curves'] =>
  runs.map(({ curve }, run) => {
    const step = Math.max(1, Math.ceil(curve.length / MOST_POINTS));
    return {
      label: cells.findLast((cell) => cell.run === run)?.label ?? '',
      // The last point is what the run came to.
      points: curve.filter((_, i) => i % step === 0 || i === curve.length - 1),
    };
  });
