import { closeMipmaps, fillMipmaps, type Mipmaps } from './mipmaps.ts';
import type { FromPainter, Slot, Source } from './messages.ts';

interface Shown {
  readonly series: string;
  readonly url: string;
}

/**
 * Keeps one slot's picture: decoded off the window's thread, the newest wanted one winning. A picture that is being read is
 * finished even when a newer one of its series is there, since otherwise fast previews would keep each other from appearing.
 */
export class PictureSlot {
  readonly #slot: Slot;
  readonly #changed: () => void;
  readonly #tell: (message: FromPainter) => void;
  #source: Source | null = null;
  #picture: Mipmaps | undefined;
  #shown: Shown | undefined;
  #reading: AbortController | undefined;

  constructor(slot: Slot, changed: () => void, tell: (message: FromPainter) => void) {
    this.#slot = slot;
    this.#changed = changed;
    this.#tell = tell;
  }

  get picture(): Mipmaps | undefined {
    return this.#picture;
  }

  want(source: Source | null): void {
    if (source?.urls.at(-1) === this.#source?.urls.at(-1)) return;
    const another = source?.series !== this.#source?.series;
    this.#source = source;
    if (another) {
      this.#reading?.abort();
      this.#reading = undefined;
      this.#replace(undefined, undefined);
    }
    if (source && !this.#reading) void this.#readAll();
  }

  /** Reads what is wanted, and again as long as something newer has come to be wanted meanwhile. */
  async #readAll(): Promise<void> {
    const reading = new AbortController();
    this.#reading = reading;
    for (let source = this.#source; source && !reading.signal.aborted;) {
      await this.#read(source, reading.signal);
      if (source === this.#source) break;
      source = this.#source;
    }
    if (this.#reading === reading) this.#reading = undefined;
  }

  async #read({ series, urls }: Source, signal: AbortSignal): Promise<void> {
    // A small version only bridges the wait for the first picture of a series.
    const needed = this.#shown?.series === series ? urls.slice(-1) : urls;
    for (const url of needed) {
      try {
        const response = await fetch(url, { signal });
        if (!response.ok) throw new Error(`${response.status}`);
        const bitmap = await createImageBitmap(await response.blob());
        if (signal.aborted) {
          bitmap.close();
          return;
        }
        this.#replace({ levels: [bitmap] }, { series, url });
      } catch {
        if (signal.aborted) return;
        this.#tell({ type: 'failed', slot: this.#slot, url });
      }
    }
  }

  #replace(picture: Mipmaps | undefined, shown: Shown | undefined): void {
    const old = this.#picture;
    this.#picture = picture;
    this.#shown = shown;
    this.#changed();
    if (old) closeMipmaps(old);
    if (!picture || !shown) return;
    this.#tell({ type: 'shown', slot: this.#slot, url: shown.url });
    void fillMipmaps(picture, () => this.#picture === picture).then(this.#changed);
  }
}
