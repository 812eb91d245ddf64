import { fitLongSide, resizePicture, type Picture } from '../../codec/picture.ts';
import { MadderError } from '../../../shared/errors.ts';
import { loadNetwork } from '../networks/load.ts';
import { findLayer, type Network } from '../networks/network.ts';
import { measureStatistics, type Statistics } from '../objective/objective.ts';
import { contentInput, gramInput } from '../objective/assemble.ts';

/** The layers at which SqueezeNet 1.1 is asked about style, and the one for content. */
const STYLE_LAYERS = ['relu1', 'fire2', 'fire3', 'fire4', 'fire5', 'fire6', 'fire7', 'fire9'];
const CONTENT_LAYER = 'fire5';

/** Pictures are compared at this long side, px. */
const LONG_SIDE = 512;

/** How close a painted picture comes to its painting and its photo, in the eyes of a network that did not paint it. */
export interface Judgement {
  /** Style distance of the result over that of the photo itself: 0 is the painting's own statistics, 1 no style at all. */
  readonly style: number;
  /** The same after a 3x3 box blur of the result, which takes from it what consists of fine noise. */
  readonly blurredStyle: number;
  /** ‖F − P‖² / ‖P‖² at one layer, with the photo's features P. */
  readonly content: number;
}

/**
 * Judges pictures with a network that took no part in painting them (SqueezeNet 1.1, max pooling as trained).
 * A style distance is the mean over layers of ‖G − A‖² / ‖A‖², with Grams G of the picture and A of the painting. Every
 * picture is brought to 512 px with the cubic filter first: style and photo by their long side, results to the photo's size.
 */
export class Judge {
  readonly #network: Network;

  private constructor(network: Network) {
    this.#network = network;
  }

  /** @param weights id or file of SqueezeNet 1.1 @throws MadderError where that is another network */
  static async load(weights: string): Promise<Judge> {
    const network = await loadNetwork(weights);
    if (network.manifest.architecture !== 'squeezenet1_1') {
      throw new MadderError(
        'input',
        `${weights} is not SqueezeNet 1.1; the judge's figures compare only under that one.`,
      );
    }
    for (const layer of [...STYLE_LAYERS, CONTENT_LAYER]) findLayer(network, layer);
    return new Judge(network);
  }

  /** Of its weights. */
  get sha256(): string {
    return this.#network.sha256;
  }

  /** Judges results of one photo and one painting. */
  async judge(style: Picture, photo: Picture, results: readonly Picture[]): Promise<Judgement[]> {
    const painting = await this.#measure(await fit(style), 'style');
    const shown = await fit(photo);
    const original = await this.#measure(shown, 'both');
    const baseline = styleDistance(original, painting);
    const judgements: Judgement[] = [];
    for (const result of results) {
      const picture = await resizePicture(result, shown.width, shown.height, 'cubic');
      const statistics = await this.#measure(picture, 'both');
      const blurred = await this.#measure(boxBlur(picture), 'style');
      judgements.push({
        style: styleDistance(statistics, painting) / baseline,
        blurredStyle: styleDistance(blurred, painting) / baseline,
        content: relativeSquare(statistics.get(CONTENT_KEY)!, original.get(CONTENT_KEY)!),
      });
    }
    return judgements;
  }

  #measure(picture: Picture, what: 'style' | 'both'): Promise<Statistics> {
    const content = what === 'both' ? [CONTENT_LAYER] : [];
    const use = { key: KEY, network: this.#network, style: STYLE_LAYERS, content };
    return measureStatistics([use], picture.data, { width: picture.width, height: picture.height });
  }
}

const KEY = 'judge';
const CONTENT_KEY = contentInput({ network: KEY, layer: CONTENT_LAYER });

function fit(picture: Picture): Promise<Picture> {
  const { width, height } = fitLongSide(picture.width, picture.height, LONG_SIDE);
  return resizePicture(picture, width, height, 'cubic');
}

function styleDistance(picture: Statistics, painting: Statistics): number {
  const distances = STYLE_LAYERS.map((layer) => {
    const name = gramInput({ network: KEY, layer });
    return relativeSquare(picture.get(name)!, painting.get(name)!);
  });
  return distances.reduce((a, b) => a + b, 0) / distances.length;
}

/** ‖a − b‖² / ‖b‖². */
export function relativeSquare(a: Float32Array, b: Float32Array): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  return difference / norm;
}

/** The mean of each pixel's 3x3 neighbourhood; at the borders, of the part that there is. */
export function boxBlur({ width, height, data }: Picture): Picture {
  const blurred = new Float32Array(data.length);
  for (let plane = 0; plane < data.length; plane += width * height) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        let count = 0;
        for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
          for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
            sum += data[plane + v * width + u]!;
            count++;
          }
        }
        blurred[plane + y * width + x] = sum / count;
      }
    }
  }
  return { width, height, data: blurred };
}
