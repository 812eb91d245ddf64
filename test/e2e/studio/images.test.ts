/** Pictures of every kind fall into the window, and look right there. */
import { join } from 'node:path';
import { rm, writeFile } from 'node:fs/promises';
import sharp, { type Sharp } from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { image8, jpegClaiming, pngClaiming, pngOfEqualRows } from '../../unit/codec/files.ts';
import type { Colour } from './pages/canvas.ts';
import { missing, newFolder } from './pages/shells.ts';
import { Studio } from './pages/studio.ts';
import { until } from './pages/wait.ts';

/** Upper left, upper right, lower left, lower right: each orientation puts them elsewhere. */
const QUARTERS: readonly Colour[] = [
  [200, 60, 50],
  [60, 170, 70],
  [50, 80, 190],
  [210, 190, 70],
];
const PLACES = [
  [0.25, 0.25],
  [0.75, 0.25],
  [0.25, 0.75],
  [0.75, 0.75],
] as const;
const [WIDTH, HEIGHT] = [96, 64];
const quarterAt = (x: number, y: number): Colour => QUARTERS[(x < WIDTH / 2 ? 0 : 1) + (y < HEIGHT / 2 ? 0 : 2)]!;
const quarters = (): Sharp => image8(WIDTH, HEIGHT, 3, (x, y, c) => quarterAt(x, y)[c]!);

describe.skipIf(missing('browser'))('a picture that falls into the window', () => {
  let studio: Studio;
  let folder: string;
  const file = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = await newFolder();
    studio = await Studio.open();
  });
  afterEach(() => studio.dismissNotices());
  afterAll(async () => {
    await studio?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Drops it, and waits until it is on the canvas. */
  async function opens(name: string, width = WIDTH, height = HEIGHT): Promise<void> {
    await studio.drop('left', file(name));
    await studio.canvas.says(new RegExp(`^Photo ${name.replace('.', '\\.')}, ${width} by ${height} pixels`), 120_000);
    const { photo } = await until(
      'the document has the photo',
      () => studio.document(),
      (d) => d.photo?.name === name,
    );
    await studio.canvas.draws('photo', `/picture/${photo!.sha256}`, 120_000);
  }
  async function looksLike(wanted: readonly Colour[], tolerance: number): Promise<void> {
    for (const [i, [x, y]] of PLACES.entries()) {
      const seen = await studio.canvas.pictureColour(x, y);
      const worst = Math.max(...seen.map((value, c) => Math.abs(value - wanted[i]![c]!)));
      expect(worst, `at ${x}, ${y} there is ${seen.join()}`).toBeLessThanOrEqual(tolerance);
    }
  }
  async function isRefused(name: string, words: RegExp): Promise<void> {
    const before = await studio.canvas.description();
    await studio.drop('left', file(name));
    const notice = studio.notice(words);
    await notice.waitFor({ timeout: 60_000 });
    const text = (await notice.innerText()).trim();
    expect(text.split('\n')).toHaveLength(1);
    expect(text).toMatch(/^[A-Z"][^\n]*\.$/);
    expect(text).not.toMatch(/\bat \w+ \(|Error:|\/tmp\//);
    expect(await studio.canvas.description()).toBe(before);
  }

  describe('upright', () => {
    // Where each orientation stores the pixel that belongs at (x, y) (EXIF 2.3, tag 274).
    const stored: readonly ((a: number, b: number) => Colour)[] = [
      (a, b) => quarterAt(a, b),
      (a, b) => quarterAt(WIDTH - 1 - a, b),
      (a, b) => quarterAt(WIDTH - 1 - a, HEIGHT - 1 - b),
      (a, b) => quarterAt(a, HEIGHT - 1 - b),
      (a, b) => quarterAt(b, a),
      (a, b) => quarterAt(WIDTH - 1 - b, a),
      (a, b) => quarterAt(WIDTH - 1 - b, HEIGHT - 1 - a),
      (a, b) => quarterAt(b, HEIGHT - 1 - a),
    ];
    it.each(stored.map((at, i) => [i + 1, at] as const))('out of EXIF orientation %i', async (orientation, at) => {
      const [w, h] = orientation > 4 ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT];
      await image8(w, h, 3, (a, b, c) => at(a, b)[c]!)
        .withMetadata({ orientation })
        .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
        .toFile(file(`turned${orientation}.jpg`));
      await opens(`turned${orientation}.jpg`);
      await looksLike(QUARTERS, 6);
    });
  });

  describe('in its colours', () => {
    it('out of Display P3', async () => {
      await quarters().withIccProfile('p3').png().toFile(file('p3.png'));
      await opens('p3.png');
      await studio.notice('P3').waitFor();
      await looksLike(QUARTERS, 6);
    });

    it('out of CMYK', async () => {
      await quarters().withIccProfile('cmyk').toColourspace('cmyk').jpeg({ quality: 100 }).toFile(file('inks.jpg'));
      await opens('inks.jpg');
      // Inks cannot print all of these colours; those that they can are what another reader of the file sees.
      const { data } = await sharp(file('inks.jpg')).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
      const printed = PLACES.map(([x, y]) => 3 * (Math.round(y * HEIGHT) * WIDTH + Math.round(x * WIDTH)));
      await looksLike(
        printed.map((at): Colour => [data[at]!, data[at + 1]!, data[at + 2]!]),
        8,
      );
    });

    it('out of 16-bit grey', async () => {
      const greys = QUARTERS.map(([red]): Colour => [red, red, red]);
      await sharp(
        Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => 257 * quarterAt(i % WIDTH, Math.floor(i / WIDTH))[0]),
        { raw: { width: WIDTH, height: HEIGHT, channels: 1 } },
      )
        .toColourspace('grey16')
        .png()
        .toFile(file('grey16.png'));
      await opens('grey16.png');
      await looksLike(greys, 4);
    });

    it('with the surround seen through where it is transparent', async () => {
      const [surround] = [await studio.canvas.colour(0.02, 0.02)];
      await image8(WIDTH, HEIGHT, 4, (x, y, c) => (c === 3 ? (x < WIDTH / 2 ? 0 : 255) : quarterAt(x, y)[c]!))
        .png()
        .toFile(file('glass.png'));
      await opens('glass.png');
      await looksLike([surround, QUARTERS[1]!, surround, QUARTERS[3]!], 4);
    });
  });

  describe('of any size', () => {
    it('200 megapixels', async () => {
      const [width, height] = [16_000, 12_500];
      const row = new Uint8Array(3 * width);
      for (let i = 0; i < row.length; i++) row[i] = QUARTERS[i < row.length / 2 ? 0 : 1]![i % 3]!;
      await writeFile(file('huge.png'), pngOfEqualRows(row, height));
      await opens('huge.png', width, height);
      await studio.notice('200 megapixels').waitFor();
      await looksLike([QUARTERS[0]!, QUARTERS[1]!, QUARTERS[0]!, QUARTERS[1]!], 6);
    }, 240_000);

    it('a strip 40,000 px wide', async () => {
      const row = new Uint8Array(3 * 40_000);
      for (let i = 0; i < row.length; i++) row[i] = QUARTERS[i < row.length / 2 ? 0 : 1]![i % 3]!;
      await writeFile(file('strip.png'), pngOfEqualRows(row, 600));
      await opens('strip.png', 40_000, 600);
      await looksLike([QUARTERS[0]!, QUARTERS[1]!, QUARTERS[0]!, QUARTERS[1]!], 6);
    });

    it('one pixel', async () => {
      await image8(1, 1, 3, (_x, _y, c) => QUARTERS[0]![c]!)
        .png()
        .toFile(file('dot.png'));
      await opens('dot.png', 1, 1);
    });
  });

  describe('is refused in one sentence', () => {
    it('when it is a decompression bomb', async () => {
      await writeFile(file('bomb.png'), pngOfEqualRows(new Uint8Array(90_000), 30_000));
      await isRefused('bomb.png', /too large \(30000 x 30000 pixels/);
      await writeFile(file('claim.jpg'), await jpegClaiming(65_500, 65_500));
      await isRefused('claim.jpg', /claim.*too large/);
    });

    it('when there is nothing behind its claim', async () => {
      await writeFile(file('hollow.png'), pngClaiming(16_000, 16_000));
      await isRefused('hollow.png', /damaged/);
    });

    it('when it is text that is called a picture', async () => {
      await writeFile(file('letter.jpg'), 'Dear painter, this is a letter.');
      await isRefused('letter.jpg', /letter\.jpg.*not a picture/);
      await writeFile(file('empty.png'), '');
      await isRefused('empty.png', /empty/);
    });
  });

  it('gives the browser nothing to complain about but what was refused', () => {
    expect(studio.program.complaints.filter((text) => !/status of 400/.test(text))).toEqual([]);
  });
});
