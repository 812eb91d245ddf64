import { decodeImage } from '../../codec/decode.ts';
import { toPicture, type Picture } from '../../codec/picture.ts';
import type { EngineEvent, JudgeJob } from '../../../shared/engine-contract.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { Recipe } from '../../../shared/recipe.ts';
import { StyleMeter } from '../measures/elsewhere.ts';
import { Judge } from '../measures/judge.ts';
import type { Network } from '../networks/network.ts';
import { loadPictures, openNetwork } from './assets.ts';

type Sent = Extract<EngineEvent, { type: 'judged' | 'figures' | 'unjudged' | 'measured' }>;

/**
 * Measures what a job asks for, one network after another so that one lies in memory at a time, and says every number as
 * it is known. What a network cannot measure of a picture is said in a sentence, and the others go on.
 * @throws MadderError naming a network that is missing or has changed
 */
export async function performJudging(
  { pictures, images, judges, squeezenet, known, threads }: JudgeJob,
  signal: AbortSignal,
  send: (event: Sent) => void,
): Promise<void> {
  const options = threads === undefined ? {} : { threads };
  const open = (judge: string | null) =>
    pictures.filter(({ cell }) => !known.some((k) => k.cell === cell && k.judge === judge));
  /** Does the work of every picture until somebody says to stop. */
  const each = async (judge: string | null, work: (picture: JudgeJob['pictures'][number]) => Promise<void>) => {
    for (const picture of open(judge)) {
      if (signal.aborted) return;
      try {
        await work(picture);
      } catch (error) {
        if (!(error instanceof MadderError)) throw error;
        send({ type: 'unjudged', cell: picture.cell, judge, message: error.message });
      }
    }
  };
  for (const { key, path, network: reference, styleLayers } of judges) {
    if (signal.aborted || open(key).length === 0) continue;
    const meters = new Meters(await openNetwork(path, reference), styleLayers, images, options);
    try {
      await each(key, async ({ cell, path: file, recipe }) => {
        const picture = await openPicture(file);
        const found = await (await meters.of(recipe, picture)).measure(picture, recipe.seed);
        send({ type: 'judged', cell, elsewhere: { judge: key, ...found } });
      });
    } finally {
      await meters.release();
    }
  }
  if (squeezenet && !signal.aborted && open(null).length > 0) {
    const judge = await Judge.load(squeezenet.path);
    if (judge.sha256 !== squeezenet.sha256) {
      throw new MadderError('input', `${squeezenet.path} is not the judge of the study any more; install that one.`);
    }
    // The judge has its own size: photo and painting are read whole.
    const original = memoised((sha256: string) => openOriginal(images, sha256));
    await each(null, async ({ cell, path, recipe }) => {
      const photo = await original(recipe.content.sha256);
      const painting = await original(recipe.styles[0]!.image.sha256);
      const [judged] = await judge.judge(painting, photo, [await openPicture(path)]);
      if (!Object.values(judged!).every(Number.isFinite)) {
        throw new MadderError(
          'optimization',
          "SqueezeNet's figures are not finite: photo and painting are the same to it.",
        );
      }
      send({ type: 'figures', cell, judged: judged! });
    });
  }
  send({ type: 'measured', completed: !signal.aborted });
}

const openPicture = async (path: string): Promise<Picture> => toPicture(await decodeImage(path));

/** @throws MadderError where the picture is missing or has changed */
async function openOriginal(images: Readonly<Record<string, string>>, sha256: string): Promise<Picture> {
  const path = images[sha256];
  if (path === undefined) throw new MadderError('input', `A picture of the study (${sha256.slice(0, 8)}) is missing.`);
  const decoded = await decodeImage(path);
  if (decoded.sha256 === sha256) return toPicture(decoded);
  throw new MadderError('input', `${path} is not the picture of the study any more; put the original back.`);
}

/** Remembers the latest two results: a study's pictures mostly have one photo and one painting. */
function memoised<T>(make: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, T>();
  return async (key) => {
    const value = known.get(key) ?? (await make(key));
    known.delete(key);
    known.set(key, value);
    if (known.size > 2) known.delete(known.keys().next().value!);
    return value;
  };
}

/** The meters of one network: pictures of one size and one origin share theirs, which is kept until another is needed. */
class Meters {
  readonly #network: Network;
  readonly #styleLayers: Readonly<Record<string, number>>;
  readonly #images: Readonly<Record<string, string>>;
  readonly #options: { readonly threads?: number };
  #latest: { readonly key: string; readonly meter: StyleMeter } | undefined;

  constructor(
    network: Network,
    styleLayers: Readonly<Record<string, number>>,
    images: Readonly<Record<string, string>>,
    options: { readonly threads?: number },
  ) {
    this.#network = network;
    this.#styleLayers = styleLayers;
    this.#images = images;
    this.#options = options;
  }

  async of(recipe: Recipe, { width, height }: Picture): Promise<StyleMeter> {
    const { content, styles, colour, schedule } = recipe;
    const key = JSON.stringify([content, styles, colour, schedule.size, schedule.side, width, height]);
    if (this.#latest?.key === key) return this.#latest.meter;
    await this.release();
    const decoded = await loadPictures({ recipe, images: this.#images });
    const size = { width, height };
    const meter = await StyleMeter.create(recipe, decoded, this.#network, this.#styleLayers, size, this.#options);
    this.#latest = { key, meter };
    return meter;
  }

  async release(): Promise<void> {
    await this.#latest?.meter.release();
    this.#latest = undefined;
  }
}
