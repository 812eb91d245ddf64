/**
 * Renders the pictures of README and docs/ from the sample pictures with the built command and its defaults:
 *
 *     npm run docs [-- FOLDER [SHEET...]]      such as still-life-painted.jpg; all sheets where none is named
 *
 * Painted pictures are kept in the folder where one is given, and not painted again.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { drawStillLifeMasks } from './still-life-masks.ts';

const [kept, ...wanted] = process.argv.slice(2);
const root = fileURLToPath(new URL('../', import.meta.url));
const samples = join(root, 'resources/samples');
const target = join(root, 'docs/images');
/** Long side of the painted pictures, and width and gap of a picture on a sheet, px. */
const SIZE = 768;
const WIDTH = 480;
const GAP = 8;

const photo = (name: string) => join(samples, 'photos', `${name}.jpg`);
const painting = (name: string) => join(samples, 'paintings', `${name}.jpg`);

function paint(folder: string, content: string, style: string, ...options: readonly string[]): string {
  const names = options.map((option) => basename(option));
  const output = join(folder, `${[content, style, ...names].join('-').replaceAll(/[^\w]+/g, '-')}.png`);
  const size = options.includes('--size') ? [] : ['--size', `${SIZE}`];
  return stylize(output, photo(content), '--style', painting(style), ...size, ...options);
}

/** A painted picture, painted on at a larger size. */
function enlarge(painted: string, size: number, content: string, style: string, ...options: readonly string[]): string {
  const output = painted.replace(/\.png$/, `-at-${size}.png`);
  const from = ['--recipe', painted, '--enlarge', '--size', `${size}`];
  return stylize(output, photo(content), '--style', painting(style), ...from, ...options);
}

function stylize(output: string, ...args: readonly string[]): string {
  if (existsSync(output)) return output;
  const command = join(root, 'dist/src/main/shells/cli/madder.js');
  const { status } = spawnSync(process.execPath, [command, 'stylize', ...args, '-o', output], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`madder ended with ${status}`);
  return output;
}

/** The same part of a picture, whatever its size. */
async function detail(picture: string): Promise<string> {
  const { width, height } = await sharp(picture).metadata();
  const share = (part: number, side: number) => Math.round(part * side);
  const part = {
    left: share(0.29, width),
    top: share(0.26, height),
    width: share(0.29, width),
    height: share(0.29, height),
  };
  const output = picture.replace(/\.png$/, '-detail.png');
  await sharp(picture).extract(part).toFile(output);
  return output;
}

const known = new Set<string>();

/** Pictures on a sheet, row by row, cut to the shape of the first; they are painted only where the sheet is wanted. */
async function sheet(
  file: string,
  columns: number,
  paintAll: () => readonly string[] | Promise<readonly string[]>,
): Promise<void> {
  known.add(file);
  if (wanted.length > 0 && !wanted.includes(file)) return;
  const pictures = await paintAll();
  const { width: first, height: tall } = await sharp(pictures[0]).metadata();
  const shape = { width: WIDTH, height: Math.round((WIDTH * tall) / first) };
  const cells = await Promise.all(
    pictures.map((p) => sharp(p).resize(shape).png().toBuffer({ resolveWithObject: true })),
  );
  const height = Math.max(...cells.map((c) => c.info.height));
  const rows = Math.ceil(cells.length / columns);
  const size = { width: columns * WIDTH + (columns - 1) * GAP, height: rows * height + (rows - 1) * GAP };
  await sharp({ create: { ...size, channels: 3, background: 'white' } })
    .composite(
      cells.map((cell, i) => ({
        input: cell.data,
        left: (i % columns) * (WIDTH + GAP),
        top: Math.floor(i / columns) * (height + GAP),
      })),
    )
    .jpeg({ quality: 88 })
    .toFile(join(target, file));
}

/** Photos and paintings from which the twins of models/README.md paint. */
const PAIRS = [
  ['lake', 'night-impasto'],
  ['harbour', 'watercolour'],
  ['still-life', 'cubist-oil'],
  ['harbour', 'stained-glass'],
] as const;

/** Sizes at which a picture of 512 px is painted on, px. */
const ENLARGED = [2048, 4096];

const folder = kept ?? mkdtempSync(join(tmpdir(), 'madder-docs-'));
mkdirSync(folder, { recursive: true });
mkdirSync(target, { recursive: true });
try {
  const onto = (content: string, style: string, network: string, ...options: readonly string[]) =>
    paint(folder, content, style, '--size', '512', '--network', network, ...options);
  const [standard, robust] = ['madder-resnet-standard', 'madder-resnet-robust'] as const;
  const rows = (pictures: (content: string, style: string) => string[]) =>
    PAIRS.flatMap(([content, style]) => [photo(content), painting(style), ...pictures(content, style)]);
  await sheet('twins.jpg', 4, () =>
    rows((content, style) => [onto(content, style, standard), onto(content, style, robust)]),
  );
  const movements = ['--parameterization', 'fourier', '--jitter', '8', '--scale-range', '0.05', '--rotate', '4'];
  await sheet('lab-fourier.jpg', 4, () =>
    rows((content, style) => [onto(content, style, standard), onto(content, style, standard, ...movements)]),
  );
  for (const [content, styles] of [
    ['lake', ['night-impasto', 'stained-glass', 'woodcut', 'watercolour', 'pointillism']],
    ['still-life', ['night-impasto', 'cubist-oil', 'woodcut', 'stained-glass', 'watercolour']],
  ] as const) {
    await sheet(`${content}-painted.jpg`, 3, () => [
      photo(content),
      ...styles.map((style) => paint(folder, content, style)),
    ]);
  }
  await sheet('masks-still-life.jpg', 4, async () => {
    const [wall, things] = [join(folder, 'wall.png'), join(folder, 'things.png')];
    await drawStillLifeMasks(wall, things);
    const second = ['--style', painting('watercolour')];
    const masks = ['--style-mask', `1=${wall}`, '--photo-mask', things];
    return [photo('still-life'), wall, things, paint(folder, 'still-life', 'night-impasto', ...second, ...masks)];
  });
  await sheet('sizes.jpg', 1 + ENLARGED.length, async () => {
    const first = paint(folder, 'harbour', 'night-impasto', '--size', '512');
    const larger = ENLARGED.map((size) => enlarge(first, size, 'harbour', 'night-impasto', '--iterations', '12'));
    const sizes = [first, ...larger];
    return [...sizes, ...(await Promise.all(sizes.map(detail)))];
  });
  const unknown = wanted.filter((file) => !known.has(file));
  if (unknown.length > 0) throw new Error(`there is no sheet ${unknown.join(', ')}, but ${[...known].join(', ')}`);
} finally {
  if (kept === undefined) rmSync(folder, { recursive: true });
}
