import { RowResizer, type Picture } from '../picture.ts';

/**
 * A picture that is asked for in blocks of rows, from the top to the bottom, each row once: it need not exist as a whole.
 */
export interface RowSource {
  /** px */
  readonly width: number;
  readonly height: number;
  /** Whether blocks have a fourth plane, the opacity. */
  readonly transparent: boolean;
  /**
   * Rows `from` up to but not including `to`: planes [3 or 4, to - from, width] of red, green and blue as sRGB values in
   * [0,1], and of the opacity, by which they are not multiplied. What is returned is read before the next block is asked for.
   */
  rows(from: number, to: number): Float32Array | Promise<Float32Array>;
}

/** A picture in memory as a source of rows. */
export function rowsOf({ width, height, data, alpha }: Picture): RowSource {
  const count = width * height;
  const planes = [0, 1, 2].map((c) => data.subarray(c * count, (c + 1) * count));
  if (alpha) planes.push(alpha);
  return { width, height, transparent: alpha !== undefined, rows: (from, to) => cut(planes, from * width, to * width) };
}

function cut(planes: readonly Float32Array[], from: number, to: number): Float32Array {
  const block = new Float32Array(planes.length * (to - from));
  planes.forEach((plane, c) => block.set(plane.subarray(from, to), c * (to - from)));
  return block;
}

/** Source rows that are resized at a time, unless a single row of the result takes more: their pixels. */
const WINDOW_PIXELS = 2 ** 20;

/**
 * A picture resized as `resizePicture` does, opacity too, while its rows are asked for: neither it nor the result is ever whole.
 * Memory: the source's rows that a row of the result is made of, about one megapixel at least.
 */
export function resizedRows(source: RowSource, width: number, height: number): RowSource {
  if (width === source.width && height === source.height) return source;
  const resizer = new RowResizer(source, { width, height });
  const window = new Window(source);
  const atOnce = Math.max(1, Math.floor(WINDOW_PIXELS / source.width));
  const rows = async (from: number, to: number): Promise<Float32Array> => {
    const out = new Float32Array(window.planes * (to - from) * width);
    for (let y = from; y < to;) {
      let end = y + 1;
      const [first] = resizer.span(y, end);
      while (end < to && resizer.span(y, end + 1)[1] - first <= atOnce) end++;
      const block = resizer.resize(await window.at(...resizer.span(y, end)), window.planes, first, y, end);
      place(out, (to - from) * width, (y - from) * width, block, window.planes);
      y = end;
    }
    return out;
  };
  return { width, height, transparent: source.transparent, rows };
}

/** Rows of a source that are asked for once, and kept as long as the next block of the result needs them. */
class Window {
  readonly planes: number;
  readonly #source: RowSource;
  #from = 0;
  #to = 0;
  #data = new Float32Array();

  constructor(source: RowSource) {
    this.#source = source;
    this.planes = source.transparent ? 4 : 3;
  }

  /** Planes of the rows `from` up to but not including `to`; neither may go back. */
  async at(from: number, to: number): Promise<Float32Array> {
    const { width } = this.#source;
    const size = (to - from) * width;
    const data = new Float32Array(this.planes * size);
    const begin = Math.max(from, this.#to);
    const kept = (begin - from) * width;
    const length = (this.#to - this.#from) * width;
    for (let c = 0; c < this.planes && kept > 0; c++) {
      const plane = this.#data.subarray(c * length, (c + 1) * length);
      data.set(plane.subarray((from - this.#from) * width, (from - this.#from) * width + kept), c * size);
    }
    if (begin < to) place(data, size, kept, await this.#source.rows(begin, to), this.planes);
    [this.#from, this.#to, this.#data] = [from, to, data];
    return data;
  }
}

/** Puts a block's planes into those of a larger one, each at `at`. */
function place(target: Float32Array, size: number, at: number, block: Float32Array, planes: number): void {
  const length = block.length / planes;
  for (let c = 0; c < planes; c++) target.set(block.subarray(c * length, (c + 1) * length), c * size + at);
}

/** The whole picture in memory. */
export async function pictureOf(source: RowSource): Promise<Picture> {
  const { width, height, transparent } = source;
  const count = width * height;
  const planes = await source.rows(0, height);
  return {
    ...{ width, height, data: planes.subarray(0, 3 * count) },
    ...(transparent ? { alpha: planes.subarray(3 * count) } : {}),
  };
}
