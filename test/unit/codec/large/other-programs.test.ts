/** Files that are written a block of rows at a time, as programs see them that have nothing to do with us. */
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeImage } from '../../../../src/main/codec/encode.ts';
import { rowsOf } from '../../../../src/main/codec/large/rows.ts';
import { writeRows, type RowWriteOptions } from '../../../../src/main/codec/large/write.ts';
import type { Picture } from '../../../../src/main/codec/picture.ts';
import { pyramidSizes } from '../../../../src/main/codec/large/tiff.ts';
import { adobeRgbProfile, exifSaying, temporaryFolder } from '../files.ts';

const file = temporaryFolder();
const XMP =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/></x:xmpmeta>';
const [WIDTH, HEIGHT] = [1201, 803];
const DPI = 240;

/** Red rises from left to right, green from top to bottom, blue is even. */
const picture: Picture = {
  width: WIDTH,
  height: HEIGHT,
  data: Float32Array.from({ length: 3 * WIDTH * HEIGHT }, (_, i) => {
    const [plane, at] = [Math.floor(i / (WIDTH * HEIGHT)), i % (WIDTH * HEIGHT)];
    return [(at % WIDTH) / WIDTH, Math.floor(at / WIDTH) / HEIGHT, 0.25][plane]!;
  }),
};

let exif: Uint8Array;
beforeAll(async () => {
  exif = await exifSaying({ Artist: 'Ada', Copyright: 'hers' });
});

type Form = Pick<RowWriteOptions, 'depth' | 'pyramid' | 'bigTiff'>;
const FORMS: readonly (readonly [name: string, form: Form])[] = [
  ['tiff16.tif', { depth: 16 }],
  ['tiff8.tif', {}],
  ['big.tif', { depth: 16, bigTiff: true }],
  ['pyramid.tif', { pyramid: true }],
  ['pyramid16.tif', { depth: 16, pyramid: true, bigTiff: true }],
  ['deep.png', { depth: 16 }],
  ['plain.png', {}],
  ['photo.jpg', {}],
];

/** With everything inside, in a foreign profile. */
async function write(name: string, form: Form): Promise<string> {
  const options = { dpi: DPI, profile: adobeRgbProfile(), metadata: { xmp: XMP, exif }, ...form };
  if (form.bigTiff) await writeRows(file(name), rowsOf(picture), { quality: 92, ...options });
  else await writeImage(file(name), picture, { streamed: true, ...options });
  return file(name);
}

const run = (program: string, ...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout.trim();
};
const has = (program: string, flag: string): boolean => spawnSync(program, [flag]).status === 0;
const vips = has('vipsheader', '--version') && has('vips', '--version');
const magick = has('identify', '-version');

describe.each(FORMS)('%s, written in blocks of rows', (name, form) => {
  const { depth = 8, pyramid = false, bigTiff = false } = form;
  const sizes = pyramid ? pyramidSizes(WIDTH, HEIGHT) : [picture];
  it('is what libvips of the system expects: size, depth, profile, resolution, recipe and pixels', async (context) => {
    context.skip(!vips, 'libvips-tools are not installed');
    const path = await write(name, form);
    const deep = depth === 16;
    const field = (key: string): string => run('vipsheader', '-f', key, path);
    expect(run('vipsheader', path)).toContain(`${WIDTH}x${HEIGHT} ${deep ? 'ushort' : 'uchar'}, 3 bands`);
    // Pixels per millimetre.
    expect(Number(field('xres')) * 25.4).toBeCloseTo(DPI, 0);
    expect(Number(field('yres')) * 25.4).toBeCloseTo(DPI, 0);
    expect(Buffer.from(field('icc-profile-data'), 'base64').equals(adobeRgbProfile())).toBe(true);
    expect(Buffer.from(field('xmp-data'), 'base64').toString()).toBe(XMP);
    if (name.endsWith('.tif')) expect((await readFile(path)).readUInt16LE(2)).toBe(bigTiff ? 43 : 42);
    else expect(field('exif-ifd0-Artist')).toMatch(/^Ada /);
    // Brought back to sRGB by the profile, the pixels are those that were painted.
    run('vips', 'icc_transform', path, file('srgb.v'), 'srgb', '--embedded', '--depth', String(depth));
    const [red, green, blue] = run('vips', 'getpoint', file('srgb.v'), '900', '300').split(' ').map(Number);
    const scale = deep ? 65_535 : 255;
    expect(red! / scale).toBeCloseTo(900 / WIDTH, 1.5);
    expect(green! / scale).toBeCloseTo(300 / HEIGHT, 1.5);
    expect(blue! / scale).toBeCloseTo(0.25, 1.5);
    if (name.endsWith('.tif')) expect(field('n-pages')).toBe(String(sizes.length));
    sizes.forEach(({ width, height }, page) => {
      const at = page === 0 ? path : `${path}[page=${page}]`;
      expect([run('vipsheader', '-f', 'width', at), run('vipsheader', '-f', 'height', at)]).toEqual([
        String(width),
        String(height),
      ]);
    });
  });

  it('is what ImageMagick expects: size, depth, profile and resolution', async (context) => {
    context.skip(!magick, 'ImageMagick is not installed');
    const path = await write(name, form);
    const said = run('identify', '-format', '%w %h %z %x %U|%[profile:icc]\n', path).split('\n');
    expect(said).toHaveLength(sizes.length);
    said.forEach((line, page) => {
      const [facts, profile] = line.split('|');
      const [width, height, bits, resolution, unit] = facts!.split(' ');
      expect([Number(width), Number(height)]).toEqual([sizes[page]!.width, sizes[page]!.height]);
      expect(Number(bits)).toBe(depth);
      expect(profile).toBe('Adobe RGB (1998)');
      if (page > 0) return;
      const perInch = Number(resolution) * (unit === 'PixelsPerCentimeter' ? 2.54 : 1);
      expect(perInch).toBeCloseTo(DPI, 0);
    });
  });
});

describe('a picture that is written in blocks of rows', () => {
  it.each([
    ['a.png', 8],
    ['a.png', 16],
    ['a.jpg', 8],
    ['a.webp', 8],
  ] as const)('says of itself what it says written whole: %s with %i bits', async (name, depth) => {
    const said = async (streamed: boolean) => {
      const metadata = { xmp: XMP, exif };
      await writeImage(file(name), picture, { streamed, depth, dpi: DPI, profile: adobeRgbProfile(), metadata });
      const { width, height, channels, density, icc, xmp, exif: found, ...rest } = await sharp(file(name)).metadata();
      return {
        ...{ width, height, channels, depth: rest.depth, format: rest.format, orientation: rest.orientation },
        density: density === undefined ? undefined : Math.round(density),
        profile: icc?.equals(adobeRgbProfile()),
        xmp: xmp?.toString(),
        author: found?.includes('Ada\0'),
        rights: found?.includes('hers\0'),
      };
    };
    const whole = await said(false);
    const blocks = await said(true);
    expect(blocks).toEqual(whole);
    expect(blocks).toMatchObject({ profile: true, xmp: XMP, author: true, rights: true });
  });
});
