import { readdir, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { identifyImage } from '../../codec/decode.ts';
import { uniform } from '../../engine/runs/random.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { StudyPhoto } from '../../../shared/robustness.ts';

const SUFFIXES = new Set(['.png', '.jpg', '.jpeg', '.webp', '.tif', '.tiff', '.gif', '.avif']);

/**
 * The photos of a study: from the files given, and those in the folders given and in theirs, `count` different ones at
 * most. Where there are more, the seed draws: folders are often sorted by what their pictures show.
 * @returns in the order given, those of a folder by name; `notes` says what was left out, one sentence each
 * @throws MadderError `input` for a file that cannot be read, or fewer than two photos
 */
export async function findPhotos(
  paths: readonly string[],
  count: number,
  seed: number,
): Promise<{ photos: StudyPhoto[]; notes: string[] }> {
  const candidates = (await Promise.all(paths.map(filesOf))).flat();
  const order = shuffled(candidates.length, seed);
  const chosen = new Map<string, { place: number; photo: StudyPhoto }>();
  const unreadable: string[] = [];
  for (const place of order) {
    if (chosen.size === count) break;
    const { path, named } = candidates[place]!;
    try {
      const { sha256, name, width, height } = await identifyImage(path);
      if (!chosen.has(sha256)) chosen.set(sha256, { place, photo: { sha256, name, path, width, height } });
    } catch (error) {
      if (named || !(error instanceof MadderError)) throw error;
      unreadable.push(path);
    }
  }
  if (chosen.size < 2) {
    throw new MadderError(
      'input',
      `${paths.join(', ')} ${paths.length === 1 ? 'holds' : 'hold'} ${chosen.size} photos; two or more are needed.`,
    );
  }
  const photos = [...chosen.values()].sort((a, b) => a.place - b.place).map(({ photo }) => photo);
  const notes = [
    ...unreadable.map((path) => `${path} could not be read as a picture and was left out.`),
    ...(photos.length < count ? [`There are ${photos.length} different photos instead of ${count}.`] : []),
  ];
  return { photos, notes };
}

interface Candidate {
  readonly path: string;
  /** Whether a person named the file itself. */
  readonly named: boolean;
}

async function filesOf(path: string): Promise<Candidate[]> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new MadderError('input', `${path} could not be read; check that it is there.`, { cause });
  });
  if (!stats.isDirectory()) return [{ path: resolve(path), named: true }];
  const names = await readdir(path, { recursive: true });
  return names
    .filter((name) => SUFFIXES.has(extname(name).toLowerCase()))
    .sort()
    .map((name) => ({ path: resolve(join(path, name)), named: false }));
}

/** 0 to count − 1 in a random order (Fisher & Yates). */
function shuffled(count: number, seed: number): number[] {
  const next = uniform(seed);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor((last + 1) * next());
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
