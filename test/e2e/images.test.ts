import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import sharp, { type Sharp } from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writeImage } from '../../src/main/codec/encode.ts';
import {
  adobeRgbProfile,
  avifClaiming,
  gifClaiming,
  image8,
  jpegClaiming,
  pngClaiming,
  pngOfEqualRows,
  tiffClaiming,
  webpClaiming,
} from '../unit/codec/files.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const madder = join(root, 'dist/src/main/shells/cli/madder.js');
const decoder = pathToFileURL(join(root, 'dist/src/main/codec/decode.js')).href;
const glass = join(root, 'resources/samples/paintings/stained-glass.jpg');
const thin = join(root, 'test/golden/data/vgg16-thin.weights.safetensors');
const isRoot = process.getuid?.() === 0;
const NOBODY = 65_534;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'madder-images-'));
  await chmod(folder, 0o777);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
// One failure must not cause others.
afterEach(async () => {
  for (const name of await leftovers(folder)) await rm(file(name), { recursive: true });
});
const file = (name: string) => join(folder, name);

/** Says at its end what a process took: most memory, bytes, and processor seconds, which do not depend on other people. */
const METER = `data:text/javascript,${encodeURIComponent(`
  import { existsSync, readFileSync } from 'node:fs';
  process.on('exit', () => {
    // What resourceUsage says of a child includes its parent on Linux.
    const peak = existsSync('/proc/self/status') && /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'));
    const { user, system } = process.cpuUsage();
    const memory = 1024 * (peak ? Number(peak[1]) : process.resourceUsage().maxRSS);
    process.stderr.write('\\nmeter ' + memory + ' ' + (user + system) / 1e6 + '\\n');
  });`)}`;

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  /** The error stream without the meter's line. */
  readonly err: string;
  /** Bytes. */
  readonly memory: number;
  /** Of processor time. */
  readonly seconds: number;
}

function node(args: readonly string[], uid?: number): Promise<Outcome> {
  const options = { cwd: folder, timeout: 60_000, ...(uid === undefined ? {} : { uid, gid: uid }) };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, ['--import', METER, ...args], options, (_error, out, stderr) => {
      const meter = /\nmeter (\d+) (\S+)\n/.exec(stderr);
      const err = stderr.replace(meter?.[0] ?? '', '');
      resolve({ code: child.exitCode, out, err, memory: Number(meter?.[1]), seconds: Number(meter?.[2]) });
    });
  });
}

const small = ['--size', '48', '--iterations', '2', '--network', thin, '--device', 'cpu', '--threads', '1'];

/** Runs the built command as a person would; it ends within a minute or fails. */
const stylize = (photo: string, output: string, ...more: string[]) =>
  node([madder, 'stylize', photo, '--style', glass, '-o', output, ...small, ...more]);

/** With no style and no smoothing, the photo is already what is wanted: the result shows how it was read. */
const copy = (photo: string, output: string, ...more: string[]) =>
  stylize(photo, output, '--strength', '0', '--variation', '0', '--content-weight', '1', ...more);

function expectRefusal({ code, err }: Outcome, words: RegExp): void {
  expect(code).toBe(1);
  expect(err.split('\n').filter((line) => line.startsWith('madder: '))).toHaveLength(1);
  expect(err).toMatch(words);
  expect(err).not.toMatch(/^\s+at /m);
}

/** Names that a refused or failed command should not have left. */
const leftovers = async (place: string) =>
  (await readdir(place)).filter((name) => /\.madder|\.tmp$|refused|\.run$/.test(name));

const [WIDTH, HEIGHT] = [48, 32];
const colour = (x: number, y: number, c: number) => [200 - 2 * x, 40 + 4 * y, 90 + x, x < 24 ? 255 : 7 * y][c]!;
const picture = (channels: 3 | 4 = 3) => image8(WIDTH, HEIGHT, channels, colour);
const deepPicture = () =>
  sharp(
    Uint16Array.from(
      { length: 3 * WIDTH * HEIGHT },
      (_, i) => 257 * colour(Math.floor(i / 3) % WIDTH, Math.floor(i / 3 / WIDTH), i % 3),
    ),
    { raw: { width: WIDTH, height: HEIGHT, channels: 3 } },
  ).toColourspace('rgb16');

/** Compares an 8-bit file with what the colour at each pixel should be. */
async function expectPixels(path: string, wanted: typeof colour, tolerance: number): Promise<void> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([WIDTH, HEIGHT]);
  let worst = 0;
  for (let i = 0; i < data.length; i++) {
    const [c, p] = [i % info.channels, Math.floor(i / info.channels)];
    worst = Math.max(worst, Math.abs(data[i]! - wanted(p % WIDTH, Math.floor(p / WIDTH), c)));
  }
  expect(worst).toBeLessThanOrEqual(tolerance);
}

describe('photos that open', () => {
  // Where each orientation stores the pixel that belongs at (x, y) (TIFF 6.0 / EXIF 2.3, tag 274): which upright pixel
  // lies at column a, row b of the file.
  const stored: readonly ((a: number, b: number) => readonly [number, number])[] = [
    (a, b) => [a, b],
    (a, b) => [WIDTH - 1 - a, b],
    (a, b) => [WIDTH - 1 - a, HEIGHT - 1 - b],
    (a, b) => [a, HEIGHT - 1 - b],
    (a, b) => [b, a],
    (a, b) => [WIDTH - 1 - b, a],
    (a, b) => [WIDTH - 1 - b, HEIGHT - 1 - a],
    (a, b) => [b, HEIGHT - 1 - a],
  ];

  it.each(stored.map((at, i) => [i + 1, at] as const))('EXIF orientation %i', async (orientation, at) => {
    const [w, h] = orientation > 4 ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT];
    const photo = file(`turned${orientation}.jpg`);
    await image8(w, h, 3, (a, b, c) => colour(...at(a, b), c))
      .withMetadata({ orientation })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .toFile(photo);
    expect(await copy(photo, file(`upright${orientation}.png`))).toMatchObject({ code: 0 });
    await expectPixels(file(`upright${orientation}.png`), colour, 4);
  });

  interface Kind {
    readonly name: string;
    readonly make: () => Sharp;
    readonly tolerance: number;
    readonly note?: RegExp;
    readonly wanted?: typeof colour;
  }
  const grey: typeof colour = (x) => 40 + 4 * x;
  const squares: typeof colour = (x, _y, c) => (c === Math.floor(x / 16) ? 250 : 20);
  const finest = { quality: 100, chromaSubsampling: '4:4:4' };
  const deepGrey = () =>
    sharp(
      Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => 257 * grey(i % WIDTH, 0, 0)),
      { raw: { width: WIDTH, height: HEIGHT, channels: 1 } },
    );
  const kinds: Kind[] = [
    // Inks cannot print all of the colours, and the profile that is built in is a small one.
    {
      name: 'cmyk.jpg',
      make: () => picture().withIccProfile('cmyk').toColourspace('cmyk').jpeg(finest),
      tolerance: 28,
    },
    {
      name: 'grey.jpg',
      make: () => image8(WIDTH, HEIGHT, 1, grey).toColourspace('b-w').jpeg(finest),
      tolerance: 2,
      wanted: grey,
    },
    { name: 'grey16.png', make: () => deepGrey().toColourspace('grey16').png(), tolerance: 1, wanted: grey },
    { name: 'deep.png', make: () => deepPicture().png(), tolerance: 1 },
    { name: 'deep.tif', make: () => deepPicture().tiff({ compression: 'lzw' }), tolerance: 1 },
    { name: 'p3.jpg', make: () => picture().withIccProfile('p3').jpeg(finest), tolerance: 5, note: /sRGB from .*P3/ },
    { name: 'p3.png', make: () => picture().withIccProfile('p3').png(), tolerance: 2, note: /sRGB from .*P3/ },
    {
      name: 'adobe.jpg',
      make: () => picture().withIccProfile(file('adobe.icc')).jpeg(finest),
      tolerance: 5,
      note: /sRGB from Adobe RGB \(1998\)/,
    },
    { name: 'plain.webp', make: () => picture().webp({ lossless: true }), tolerance: 0 },
    { name: 'eight.avif', make: () => picture().avif({ lossless: true }), tolerance: 2 },
    { name: 'ten.avif', make: () => picture().avif({ lossless: true, bitdepth: 10 }), tolerance: 2 },
    {
      name: 'palette.png',
      make: () => image8(WIDTH, HEIGHT, 3, squares).png({ palette: true }),
      tolerance: 0,
      wanted: squares,
    },
    { name: 'palette.gif', make: () => image8(WIDTH, HEIGHT, 3, squares).gif(), tolerance: 0, wanted: squares },
  ];

  it.each(kinds)('$name', async ({ name, make, tolerance, note, wanted = colour }) => {
    await writeFile(file('adobe.icc'), adobeRgbProfile());
    await make().toFile(file(name));
    const outcome = await copy(file(name), file(`from-${name}.png`));
    expect(outcome).toMatchObject({ code: 0 });
    if (note) expect(outcome.err).toMatch(note);
    await expectPixels(file(`from-${name}.png`), wanted, tolerance);
  });

  it.each(['gif', 'webp'] as const)('the first frame of an animated %s, and says so', async (format) => {
    const frames = await Promise.all(
      [200, 90, 20].map((v) =>
        image8(WIDTH, HEIGHT, 3, () => v)
          .png()
          .toBuffer(),
      ),
    );
    const photo = file(`animated.${format}`);
    await sharp(frames, { join: { animated: true } })
      .toFormat(format)
      .toFile(photo);
    const { code, err } = await copy(photo, file(`from-${format}.png`));
    expect(code).toBe(0);
    expect(err).toContain('The file holds 3 frames; the first one is used.');
    await expectPixels(file(`from-${format}.png`), () => 200, 3);
  });

  it('one pixel', async () => {
    await image8(1, 1, 3, (_x, _y, c) => 50 + 40 * c)
      .png()
      .toFile(file('one.png'));
    expect(await copy(file('one.png'), file('from-one.png'))).toMatchObject({ code: 0 });
    const { data, info } = await sharp(file('from-one.png')).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, ...data.subarray(0, 3)]).toEqual([48, 48, 50, 90, 130]);
  });

  // Shrunk to one pixel's width there is nothing that a network could pool: that is said, of the right picture.
  it.each([
    [3, 9000],
    [9000, 3],
  ])('a ribbon of %i x %i', async (width, height) => {
    const photo = file(`${width}x${height}.png`);
    await image8(width, height, 3, (x, y) => (x + y) % 200)
      .png()
      .toFile(photo);
    const outcome = await copy(photo, file('ribbon.png'), '--json');
    const start = outcome.out.split('\n').find((line) => line.includes('"start"'))!;
    expect(JSON.parse(start)).toMatchObject({ recipe: { content: { width, height } } });
    expectRefusal(outcome, /too small/);
    await rm(file('ribbon.png.run'), { recursive: true, force: true });
  });
});

describe('opacity', () => {
  it.each(['png', 'webp', 'tif'])('of a photo is kept in .%s', async (suffix) => {
    const photo = file(suffix === 'webp' ? 'glass.webp' : 'glass.png');
    await (suffix === 'webp' ? picture(4).webp({ lossless: true, exact: true }) : picture(4).png()).toFile(photo);
    expect(await copy(photo, file(`glassy.${suffix}`))).toMatchObject({ code: 0 });
    await expectPixels(file(`glassy.${suffix}`), colour, suffix === 'webp' ? 12 : 0);
    const stylized = file(`stylized.${suffix}`);
    expect(await stylize(photo, stylized)).toMatchObject({ code: 0 });
    const alpha = await sharp(stylized).extractChannel(3).raw().toBuffer();
    expect(alpha.every((a, i) => a === colour(i % WIDTH, Math.floor(i / WIDTH), 3))).toBe(true);
  });

  it('is resized with the photo', async () => {
    await image8(120, 80, 4, (x, _y, c) => (c < 3 ? 100 + x : x < 60 ? 255 : 0))
      .png()
      .toFile(file('large-glass.png'));
    expect(await copy(file('large-glass.png'), file('smaller.png'))).toMatchObject({ code: 0 });
    const alpha = await sharp(file('smaller.png')).extractChannel(3).raw().toBuffer();
    alpha.forEach((a, i) => {
      if (Math.abs((i % WIDTH) - 23.5) > 4) expect(Math.abs(a - (i % WIDTH < 24 ? 255 : 0))).toBeLessThanOrEqual(3);
    });
  });

  it('becomes white in JPEG, and that is said', async () => {
    await picture(4).png().toFile(file('glass.png'));
    const { code, err } = await copy(file('glass.png'), file('glass.jpg'));
    expect(code).toBe(0);
    expect(err).toMatch(/partly transparent, which JPEG cannot be.*white/);
    const composed = (x: number, y: number, c: number) => {
      const a = colour(x, y, 3) / 255;
      return colour(x, y, c) * a + 255 * (1 - a);
    };
    await expectPixels(file('glass.jpg'), composed, 24);
  });
});

describe('photos that are refused', () => {
  const MEMORY = 400e6;
  const SECONDS = 2;

  async function expectQuickRefusal(path: string, words: RegExp, uid?: number): Promise<void> {
    const outcome = await node([madder, 'stylize', path, '--style', glass, '-o', file('refused.png'), ...small], uid);
    expectRefusal(outcome, words);
    expect(outcome.memory).toBeLessThan(MEMORY);
    expect(outcome.seconds).toBeLessThan(SECONDS);
    expect(await leftovers(folder)).toEqual([]);
  }

  const tooLarge =
    /is too large \(\d+ x \d+ pixels; the limit is 268 megapixels\); make it \d+ x \d+ pixels or smaller/;
  it.each<[string, () => Buffer | Promise<Buffer>, RegExp]>([
    ['claim.png', () => pngClaiming(60_000, 60_000), tooLarge],
    ['real.png', () => pngOfEqualRows(new Uint8Array(90_000), 30_000), tooLarge],
    ['claim.tif', () => tiffClaiming(60_000, 60_000), tooLarge],
    ['claim.gif', () => gifClaiming(65_535, 65_535), tooLarge],
    ['claim.webp', () => webpClaiming(16_383, 16_383), tooLarge],
    ['claim.avif', () => avifClaiming(60_000, 60_000), tooLarge],
    ['claim.jpg', () => jpegClaiming(65_500, 65_500), tooLarge],
    // Within the limit, but nothing is behind the claim.
    ['hollow.png', () => pngClaiming(16_000, 16_000), /damaged/],
    ['hollow.tif', () => tiffClaiming(16_000, 16_000), /damaged/],
    ['hollow.avif', () => avifClaiming(16_000, 16_000), /damaged/],
    ['hollow.jpg', () => jpegClaiming(16_000, 16_000), /damaged/],
  ])('the bomb %s', async (name, make, words) => {
    await writeFile(file(name), await make());
    await expectQuickRefusal(file(name), words);
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['text.jpg', 'Dear painter, this is a letter.', /text\.jpg.*not a picture/],
    ['empty.png', '', /empty\.png.*empty/],
    ['nothing.png', pngClaiming(0, 0), /nothing\.png.*damaged/],
    ['nothing.gif', gifClaiming(0, 0), /nothing\.gif.*damaged/],
  ])('%s', (name, contents, words) =>
    writeFile(file(name), contents).then(() => expectQuickRefusal(file(name), words)),
  );

  it.each(['jpg', 'png', 'webp', 'gif', 'tif', 'avif'] as const)('a truncated .%s', async (suffix) => {
    const whole = file(`whole.${suffix}`);
    await sharp(glass).resize(200).toFile(whole);
    const bytes = await readFile(whole);
    for (const part of [0.001, 0.3, 0.7, 0.98]) {
      const cut = file(`cut.${suffix}`);
      await writeFile(cut, bytes.subarray(0, Math.ceil(part * bytes.length)));
      await expectQuickRefusal(cut, /cut\.\w+" is (damaged|not a picture)/);
    }
  });

  it('a folder', () => expectQuickRefusal(folder, /is a folder/));

  it.runIf(process.platform !== 'win32')('a pipe that nobody writes to', async () => {
    execFileSync('mkfifo', [file('pipe.png')]);
    await expectQuickRefusal(file('pipe.png'), /is not a file/);
  });

  it.runIf(existsSync('/dev/zero'))('a device that never ends', () => expectQuickRefusal('/dev/zero', /is not a file/));

  it.runIf(process.platform !== 'win32')('a file that may not be read', async () => {
    await picture().png().toFile(file('secret.png'));
    await chmod(file('secret.png'), 0);
    await expectQuickRefusal(file('secret.png'), /may not be read/, isRoot ? NOBODY : undefined);
  });
});

describe('200 megapixels', () => {
  const row = (channels: 3 | 4) =>
    Uint8Array.from({ length: 20_000 * channels }, (_, i) => {
      const x = Math.floor(i / channels);
      return i % channels === 3 ? (x < 10_000 ? 255 : 100) : Math.floor(x / 100) + (i % channels);
    });

  /** Decodes in a process of its own and says what comes out. */
  async function decode(path: string, options: object) {
    const script = `
      import { decodeImage } from ${JSON.stringify(decoder)};
      const { width, height, rgb, alpha } = await decodeImage(${JSON.stringify(path)}, ${JSON.stringify(options)});
      const middle = Math.floor(height / 2) * width + Math.floor(width / 2);
      console.log(JSON.stringify({ width, height, pixel: [...rgb.subarray(3 * middle, 3 * middle + 3)], alpha: alpha?.[middle + 9] }));`;
    const outcome = await node(['--input-type=module', '-e', script]);
    expect(outcome.err).toBe('');
    return {
      ...(JSON.parse(outcome.out) as { width: number; height: number; pixel: number[]; alpha?: number }),
      ...outcome,
    };
  }

  it('open as 8 bits, held once', async () => {
    await writeFile(file('huge.png'), pngOfEqualRows(row(3), 10_000));
    const { width, height, pixel, memory } = await decode(file('huge.png'), {});
    expect([width, height, ...pixel]).toEqual([20_000, 10_000, 100, 101, 102]);
    expect(memory).toBeLessThan(600e6 + 300e6);
  });

  it('never lie in memory whole where a small picture is wanted', async () => {
    for (const channels of [3, 4] as const) {
      await writeFile(file('huge.png'), pngOfEqualRows(row(channels), 10_000, channels));
      const { width, height, pixel, alpha, memory } = await decode(file('huge.png'), { longSide: 1024 });
      expect([width, height]).toEqual([1024, 512]);
      pixel.forEach((v, c) => expect(Math.abs(v - 100 - c)).toBeLessThanOrEqual(3));
      expect(alpha).toBe(channels === 4 ? 100 : undefined);
      expect(memory).toBeLessThan(400e6);
    }
  });
});

describe('where the picture goes', () => {
  const output = () => file('refused.png');

  it('is not onto one of its inputs, under whatever name', async () => {
    const photo = file('photo.png');
    await picture().png().toFile(photo);
    const before = await readFile(photo);
    await link(photo, file('hard.png'));
    await symlink(photo, file('soft.png'));
    const detours = ['photo.png', join('..', basename(folder), 'photo.png')];
    // Elsewhere this is another file.
    const sameInCapitals = existsSync(file('PHOTO.png')) ? [file('PHOTO.png')] : [];
    for (const path of [photo, file('hard.png'), file('soft.png'), ...detours, ...sameInCapitals]) {
      expectRefusal(await stylize(photo, path, '--overwrite'), /is one of the pictures that this one is made from/);
    }
    expect((await readFile(photo)).equals(before)).toBe(true);
    expect(await leftovers(folder)).toEqual([]);
  });

  it('has a suffix that says how to write it', async () => {
    await picture().png().toFile(file('photo.png'));
    for (const name of ['refused.bmp', 'refused', 'refused.gif']) {
      expectRefusal(await stylize(file('photo.png'), file(name)), /choose one of \.png, \.jpg/);
    }
    expect(await leftovers(folder)).toEqual([]);
  });

  it.each([
    ['webp', 20_000, /20000 x 13333 pixels \(16383 pixels a side\); choose \.png or \.tif/],
    ['jpg', 70_000, /70000 x 46667 pixels \(65500 pixels a side\); choose \.png or \.tif/],
  ])('is no .%s of %i px, which is said before the work', async (suffix, size, words) => {
    await picture().png().toFile(file('photo.png'));
    const outcome = await stylize(file('photo.png'), file(`refused.${suffix}`), '--size', String(size));
    expectRefusal(outcome, words);
    expect(outcome.seconds).toBeLessThan(3);
    expect(await leftovers(folder)).toEqual([]);
  });

  it.runIf(process.platform !== 'win32')('is a folder that may be written to', async () => {
    await picture().png().toFile(file('photo.png'));
    await mkdir(file('closed'), { mode: 0o555 });
    const args = [madder, 'stylize', file('photo.png'), '--style', glass, '-o', file('closed/a.png'), ...small];
    expectRefusal(await node(args, isRoot ? NOBODY : undefined), /is in a folder that may not be written to/);
    expect(await readdir(file('closed'))).toEqual([]);
    expectRefusal(await stylize(file('photo.png'), folder), /does not end like a picture|is a folder/);
    expect(existsSync(output())).toBe(false);
  });

  /** A disk of a few kilobytes, or undefined where it may not be made. */
  function tinyDisk(kilobytes: number): string | undefined {
    const place = file('disk');
    try {
      execFileSync('mkdir', ['-p', place]);
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'none', place], { stdio: 'ignore' });
      return place;
    } catch {
      return undefined;
    }
  }

  it.runIf(process.platform === 'linux' && isRoot)('is not a full disk', async ({ skip }) => {
    await image8(WIDTH, HEIGHT, 3, (x, y, c) => (x * 7919 + y * 104_729 + c * 1299) % 256)
      .png()
      .toFile(file('photo.png'));
    const disk = tinyDisk(64);
    if (!disk) return skip();
    try {
      const old = join(disk, 'old.png');
      await writeFile(old, 'precious');
      await writeFile(join(disk, 'filler'), new Uint8Array(56 * 1024));
      const outcome = await stylize(file('photo.png'), old, '--overwrite');
      expect(outcome.code).not.toBe(0);
      expect(outcome.err).toMatch(/disk is full|no space left/);
      expect(await readFile(old, 'utf8')).toBe('precious');
      // The run's own files need space first; the codec alone, of a picture that does not compress:
      const data = Float32Array.from({ length: 3 * 100 * 100 }, (_, i) => ((i * 7919 + ((i * i) % 251)) % 256) / 255);
      await expect(writeImage(old, { width: 100, height: 100, data })).rejects.toThrow(
        /^The output ".*" could not be written because the disk is full; free some space or choose another disk\.$/,
      );
      expect(await readFile(old, 'utf8')).toBe('precious');
      expect((await readdir(disk)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

describe('names', () => {
  it.each([
    ['spaces', 'a photo of mine.jpg', 'a painting of mine.jpg'],
    ['any letters', '写真 été 🏞.png', 'живопись 🎨.webp'],
    ['marks', "it's 100% [new] & #1!.png", '$HOME `x`;.tif'],
    ['250 bytes', `${'ü'.repeat(120)}.png`, `${'ö'.repeat(120)}.png`],
  ])('of %s', async (_what, photo, output) => {
    await picture().toFile(file(photo));
    const { code, err } = await copy(file(photo), file(output));
    expect(err).toContain(output);
    expect(code).toBe(0);
    await expectPixels(file(output), colour, 20);
  });

  it('that begin with a dash', async () => {
    await picture().png().toFile(file('-photo.png'));
    const args = ['stylize', '--style', glass, '-o', '-painted.png', ...small, '--', '-photo.png'];
    expect(await node([madder, ...args])).toMatchObject({ code: 0 });
    expect((await sharp(file('-painted.png')).metadata()).width).toBe(48);
  });

  it('that are too long', async () => {
    await copyFile(glass, file('photo.jpg'));
    const long = `${'n'.repeat(300)}.png`;
    expectRefusal(await stylize(file(long), file('refused.png')), /ENAMETOOLONG|too long/);
    expectRefusal(await stylize(file('photo.jpg'), file(long)), /has too long a name/);
  });
});
