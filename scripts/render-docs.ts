/**
 * Renders the pictures of README and docs/ from the sample pictures with the built command and its defaults:
 *
 *     npm run docs
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const root = fileURLToPath(new URL('../', import.meta.url));
const samples = join(root, 'resources/samples');
const target = join(root, 'docs/images');
/** Long side of the painted pictures, and width and gap of a picture on a sheet, px. */
const SIZE = 768;
const WIDTH = 480;
const GAP = 8;

const photo = (name: string) => join(samples, 'photos', `${name}.jpg`);
const painting = (name: string) => join(samples, 'paintings', `${name}.jpg`);

function paint(folder: string, content: string, style: string): string {
  const output = join(folder, `${content}-${style}.png`);
  const command = join(root, 'dist/src/main/shells/cli/madder.js');
  const args = ['stylize', photo(content), '--style', painting(style), '-o', output, '--size', `${SIZE}`];
  const { status } = spawnSync(process.execPath, [command, ...args], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`madder ended with ${status}`);
  return output;
}

/** Pictures of one shape on a sheet, row by row. */
async function sheet(file: string, columns: number, pictures: readonly string[]): Promise<void> {
  const cells = await Promise.all(
    pictures.map((p) => sharp(p).resize(WIDTH).png().toBuffer({ resolveWithObject: true })),
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

const folder = mkdtempSync(join(tmpdir(), 'madder-docs-'));
mkdirSync(target, { recursive: true });
try {
  for (const [content, styles] of [
    ['lake', ['night-impasto', 'stained-glass', 'woodcut', 'watercolour', 'pointillism']],
    ['still-life', ['night-impasto', 'cubist-oil', 'woodcut', 'stained-glass', 'watercolour']],
  ] as const) {
    await sheet(`${content}-painted.jpg`, 3, [photo(content), ...styles.map((style) => paint(folder, content, style))]);
  }
} finally {
  rmSync(folder, { recursive: true });
}
