/** The study of checkerboards: how much of finished pictures is a fine pattern that repeats. */
import { existsSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { decodeImage } from '../../codec/decode.ts';
import { writeImage } from '../../codec/encode.ts';
import { toPicture } from '../../codec/picture.ts';
import { measureCheckerboard, PERIODS, type Checkerboard } from '../../engine/measures/checkerboard.ts';
import { radialProfile, spectrumPicture, type RadialPower } from '../../engine/measures/spectrum.ts';
import { MadderError } from '../../../shared/errors.ts';
import { csv } from './csv.ts';
import { writeText } from './record.ts';
import { makeFolder } from './record-keeper.ts';

export { PERIODS };

/** What was found in a picture. */
export interface ArtifactsOfPicture extends Checkerboard {
  readonly path: string;
  /** The file's name. */
  readonly name: string;
  readonly sha256: string;
  readonly width: number;
  readonly height: number;
  /** The spectrum of its brightness by frequency. */
  readonly spectrum: readonly RadialPower[];
  /** The spectrum as a picture, in the folder that was asked for. */
  readonly spectrumFile?: string;
}

export interface ArtifactsOptions {
  /** Where pictures of spectra and tables go; none are made when missing. */
  readonly folder?: string;
  readonly onPicture?: (found: ArtifactsOfPicture) => void;
}

const TABLE = 'artifacts.csv';
const PROFILES = 'spectra.csv';

/**
 * Measures finished pictures, in their order.
 * @returns what was found, and the names of the files in the folder
 * @throws MadderError `input` naming a picture that cannot be measured, `output` for a folder that cannot be used
 */
export async function studyArtifacts(
  paths: readonly string[],
  { folder, onPicture }: ArtifactsOptions = {},
): Promise<{ pictures: ArtifactsOfPicture[]; files: string[] }> {
  if (folder !== undefined) {
    if (existsSync(join(folder, TABLE))) {
      throw new MadderError('output', `${join(folder, TABLE)} exists already; choose another folder with --out.`);
    }
    await makeFolder(folder);
  }
  const pictures: ArtifactsOfPicture[] = [];
  for (const [i, path] of paths.entries()) {
    const found = await measured(path, folder, String(i + 1).padStart(String(paths.length).length, '0'));
    pictures.push(found);
    onPicture?.(found);
  }
  if (folder === undefined) return { pictures, files: [] };
  await writeText(join(folder, TABLE), artifactsCsv(pictures));
  await writeText(join(folder, PROFILES), spectraCsv(pictures));
  const spectra = pictures.flatMap(({ spectrumFile }) => (spectrumFile === undefined ? [] : [spectrumFile]));
  return { pictures, files: [TABLE, PROFILES, ...spectra] };
}

async function measured(path: string, folder: string | undefined, number: string): Promise<ArtifactsOfPicture> {
  const decoded = await decodeImage(path);
  const picture = toPicture(decoded);
  const name = basename(path);
  let checkerboard: Checkerboard;
  try {
    checkerboard = measureCheckerboard(picture);
  } catch (error) {
    throw error instanceof MadderError ? new MadderError(error.kind, `${path}: ${error.message}`) : error;
  }
  const { width, height } = picture;
  const found = { ...{ path: resolve(path), name, sha256: decoded.sha256, width, height }, ...checkerboard };
  const spectrum = radialProfile(picture);
  if (folder === undefined) return { ...found, spectrum };
  // Files of different folders may have one name.
  const spectrumFile = `spectrum-${number}-${basename(name, extname(name))}.png`;
  await writeImage(join(folder, spectrumFile), spectrumPicture(picture));
  return { ...found, spectrum, spectrumFile };
}

/** One line per picture. */
const artifactsCsv = (pictures: readonly ArtifactsOfPicture[]): string =>
  csv([
    ['picture', 'sha256', 'width', 'height', ...PERIODS.map((period) => `period_${period}`), 'overall', 'spectrum'],
    ...pictures.map(({ name, sha256, width, height, periods, overall, spectrumFile = '' }) => [
      ...[name, sha256, width, height],
      ...[...PERIODS.map((period) => periods[period]), overall, spectrumFile],
    ]),
  ]);

/** One line per picture and ring of its spectrum. */
const spectraCsv = (pictures: readonly ArtifactsOfPicture[]): string =>
  csv([
    ['picture', 'sha256', 'cycles_per_pixel', 'power'],
    ...pictures.flatMap(({ name, sha256, spectrum }) =>
      spectrum.map(({ frequency, power }) => [name, sha256, frequency, power]),
    ),
  ]);
