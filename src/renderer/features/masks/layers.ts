import { labelPlace } from './label.ts';
import type { FromMaskPainter, MaskEdit, MaskSource, ToMaskPainter } from './messages.ts';
import { encodeGrey } from './png.ts';
import {
  copyRaster,
  coverage,
  emptyRaster,
  fillPolygon,
  invert,
  isEmpty,
  paintSegment,
  wholeBox,
  type Box,
  type Dab,
  type Raster,
  type Spot,
} from './raster.ts';

/** A region's mask as the painter keeps it. */
export interface Layer {
  readonly raster: Raster;
  /** The same for drawing: white, as opaque as the pixel belongs to the region. */
  readonly shape: OffscreenCanvas;
  /** Where its number is written, as shares of width and height. */
  readonly label: Spot | undefined;
}

interface OwnLayer extends Layer {
  raster: Raster;
  label: Spot | undefined;
  /** By hash; undefined: not there yet. */
  mask: string | null | undefined;
}

/** Masks that are remembered encoded, so that undo finds them: those of its steps, and a few more. */
const REMEMBERED = 256;

/**
 * The masks of a document, in the painter's worker: reads them, paints on the one that is open, and encodes it after each step. What is
 * asked is done in order, and reading takes a moment, so that everything waits for what was asked before it.
 */
export class MaskLayers {
  readonly #changed: () => void;
  readonly #tell: (message: FromMaskPainter) => void;
  readonly #layers = new Map<string, OwnLayer>();
  /** What this painter has encoded, by id. */
  readonly #made = new Map<string, Promise<Blob>>();
  #active: string | undefined;
  /** The open mask before the stroke that is going on, and the stroke's last dab. */
  #before: Raster | undefined;
  #last: Dab | undefined;
  #work: Promise<void> = Promise.resolve();

  /** @param changed something is to be drawn anew */
  constructor(changed: () => void, tell: (message: FromMaskPainter) => void) {
    this.#changed = changed;
    this.#tell = tell;
  }

  get(key: string): Layer | undefined {
    return this.#layers.get(key);
  }

  take(message: ToMaskPainter): void {
    this.#work = this.#work
      .then(() => (message.type === 'masks' ? this.#show(message) : this.#edit(message.edit)))
      // Whatever went wrong with one thing, the next is done all the same.
      .catch(reportError);
  }

  async #show({ size, active, regions }: Extract<ToMaskPainter, { type: 'masks' }>): Promise<void> {
    if (this.#active !== (active ?? undefined)) this.#endStroke();
    this.#active = active ?? undefined;
    for (const key of this.#layers.keys()) {
      if (!size || !regions.some((region) => region.key === key)) this.#layers.delete(key);
    }
    if (size) for (const region of regions) await this.#load(region, size.width, size.height);
    this.#changed();
  }

  async #load(source: MaskSource, width: number, height: number): Promise<void> {
    const { key, mask } = source;
    let layer = this.#layers.get(key);
    if (layer?.raster.width !== width || layer.raster.height !== height) {
      layer = {
        raster: emptyRaster(width, height),
        shape: new OffscreenCanvas(width, height),
        label: undefined,
        mask: undefined,
      };
      this.#layers.set(key, layer);
    }
    if (layer.mask === mask) return;
    if (key === this.#active) this.#endStroke();
    // Until it is there nothing can be painted on it: painting on nothing would lose what could not be read.
    layer.mask = undefined;
    try {
      const content = mask === null ? undefined : await this.#content(mask, source);
      layer.raster = content ? await decode(content, width, height) : emptyRaster(width, height);
    } catch {
      this.#tell({ type: 'maskFailed', key });
      return;
    }
    layer.mask = mask;
    this.#reshape(layer, wholeBox(layer.raster));
    this.#settled(key, layer);
  }

  async #content(mask: string, { url, content }: MaskSource): Promise<Blob> {
    const known = this.#made.get(mask) ?? content;
    if (known) return known;
    const response = await fetch(url!);
    if (!response.ok) throw new Error(`${response.status}`);
    return response.blob();
  }

  #edit(edit: MaskEdit): void {
    const layer = this.#active === undefined ? undefined : this.#layers.get(this.#active);
    if (layer?.mask === undefined) {
      if ('id' in edit) this.#tell({ type: 'notMade', id: edit.id, message: 'There is no mask to paint on.' });
      return;
    }
    const box = this.#apply(layer, edit);
    if (!isEmpty(box)) this.#reshape(layer, box);
    if ('id' in edit) {
      this.#endStroke();
      layer.mask = edit.id;
      this.#encode(edit.id, layer.raster);
      this.#settled(this.#active!, layer);
    }
    this.#changed();
  }

  #apply(layer: OwnLayer, edit: MaskEdit): Box {
    const { raster } = layer;
    switch (edit.kind) {
      case 'stroke': {
        this.#before ??= copyRaster(raster);
        let box: Box | undefined;
        for (const dab of edit.dabs) {
          const painted = paintSegment(raster, this.#last ?? dab, dab, edit.softness, edit.removing);
          box = box ? union(box, painted) : painted;
          this.#last = dab;
        }
        return box ?? NOTHING;
      }
      case 'cancel':
        if (this.#before) layer.raster = this.#before;
        this.#endStroke();
        return wholeBox(raster);
      case 'end':
        return NOTHING;
      case 'lasso':
        return fillPolygon(raster, edit.points, edit.feather, edit.removing);
      case 'invert':
        invert(raster);
        return wholeBox(raster);
      case 'fill':
        raster.data.fill(255);
        return wholeBox(raster);
      case 'load':
        layer.raster = fromPicture(edit.picture, raster.width, raster.height);
        edit.picture.close();
        return wholeBox(raster);
    }
  }

  #endStroke(): void {
    this.#before = undefined;
    this.#last = undefined;
  }

  /** Says what a mask is like once a step is done; during a stroke that would cost more than the stroke. */
  #settled(key: string, layer: OwnLayer): void {
    layer.label = labelPlace(layer.raster);
    this.#tell({ type: 'region', key, mask: layer.mask ?? null, coverage: coverage(layer.raster) });
  }

  #encode(id: string, raster: Raster): void {
    const made = encodeGrey(raster);
    this.#made.set(id, made);
    for (const old of this.#made.keys()) if (this.#made.size > REMEMBERED) this.#made.delete(old);
    made.then(
      (content) => this.#tell({ type: 'made', id, content }),
      (cause: unknown) => this.#tell({ type: 'notMade', id, message: String(cause) }),
    );
  }

  #reshape({ raster, shape }: OwnLayer, { left, top, right, bottom }: Box): void {
    const [width, height] = [right - left, bottom - top];
    // Red, green, blue and opacity, from the lowest byte: every processor that browsers run on has that first.
    const pixels = new Uint32Array(width * height);
    for (let y = 0; y < height; y++) {
      const from = (top + y) * raster.width + left;
      for (let x = 0; x < width; x++) pixels[y * width + x] = (raster.data[from + x]! << 24) | 0xffffff;
    }
    const image = new ImageData(new Uint8ClampedArray(pixels.buffer), width, height);
    shape.getContext('2d')!.putImageData(image, left, top);
  }
}

const NOTHING: Box = { left: 0, top: 0, right: 0, bottom: 0 };

const union = (a: Box, b: Box): Box =>
  isEmpty(a)
    ? b
    : isEmpty(b)
      ? a
      : {
          left: Math.min(a.left, b.left),
          top: Math.min(a.top, b.top),
          right: Math.max(a.right, b.right),
          bottom: Math.max(a.bottom, b.bottom),
        };

/** A mask's PNG in the size that masks of this photo are painted at. */
async function decode(content: Blob, width: number, height: number): Promise<Raster> {
  const picture = await createImageBitmap(content, { colorSpaceConversion: 'none' });
  const raster = fromPicture(picture, width, height);
  picture.close();
  return raster;
}

/** A picture in grey as a mask, stretched over it. */
function fromPicture(picture: ImageBitmap, width: number, height: number): Raster {
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  const raster = emptyRaster(width, height);
  for (let i = 0; i < raster.data.length; i++) raster.data[i] = data[4 * i]!;
  return raster;
}
