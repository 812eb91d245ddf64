/**
 * Renders the little pictures on the cards of bundled networks and of the presets for every day: one photo and one
 * painting for all, so that what differs is the network or the preset. With the built command:
 *
 *     npm run cards
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

const root = fileURLToPath(new URL('../', import.meta.url));
const PHOTO = join(root, 'resources/samples/photos/lake.jpg');
const PAINTING = join(root, 'resources/samples/paintings/night-impasto.jpg');
/** Long sides, px: painted larger than shown, since strokes smaller than a pixel of the card say nothing. */
const PAINTED = 352;
const SHOWN = 256;

const folder = mkdtempSync(join(tmpdir(), 'madder-cards-'));

async function card(kind: 'networks' | 'presets', id: string, options: readonly string[]): Promise<void> {
  const painted = join(folder, `${kind}-${id}.png`);
  const args = ['stylize', PHOTO, '--style', PAINTING, '-o', painted, '--size', `${PAINTED}`, ...options];
  const command = join(root, 'dist/src/main/shells/cli/madder.js');
  const { status } = spawnSync(process.execPath, [command, ...args], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`madder ended with ${status}`);
  const target = join(root, 'resources', kind);
  mkdirSync(target, { recursive: true });
  await sharp(painted)
    .resize(SHOWN)
    .jpeg({ quality: 88 })
    .toFile(join(target, `${id}.jpg`));
}

try {
  const models = readdirSync(join(root, 'models'));
  for (const file of models.filter((name) => name.endsWith('.safetensors'))) {
    const id = basename(file, '.safetensors');
    await card('networks', id, ['--network', id]);
  }
  await card('networks', 'madder-random-vgg', ['--network', 'madder-random-vgg']);
  for (const preset of ['gentle', 'own-colours', 'fine-strokes', 'bold-strokes', 'freely']) {
    await card('presets', preset, ['--preset', preset]);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
