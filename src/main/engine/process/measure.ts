import { join } from 'node:path';
import { decodeImage } from '../../codec/decode.ts';
import { writeImage } from '../../codec/encode.ts';
import { toPicture, type Picture } from '../../codec/picture.ts';
import type { EngineEvent, MeasureJob } from '../../../shared/engine-contract.ts';
import { MadderError } from '../../../shared/errors.ts';
import type { StudyNetwork, StudyPhoto, WorstCaseFiles } from '../../../shared/robustness.ts';
import { measureRobustness, type MeasuredPhoto, type Subject, type WorstCase } from '../measures/robustness.ts';
import { centreSquare } from '../measures/square.ts';
import { openStudyNetwork } from './study-network.ts';

/** A photo is read this much larger than it is measured, and shrunk by the same filter as every other picture. */
const OVERSIZE = 4;

/**
 * Measures what a job asks for and says every finding as it is made.
 * @throws MadderError naming a photo or network that is missing or has changed, or a layer that cannot be measured
 */
export async function performMeasurement(
  { settings, photos, networks, from, pictures, threads }: MeasureJob,
  signal: AbortSignal,
  send: (event: EngineEvent) => void,
): Promise<void> {
  try {
    const subjects: Subject[] = [];
    for (const network of networks) subjects.push(await openSubject(network));
    const measured: MeasuredPhoto[] = [];
    for (const photo of photos) {
      signal.throwIfAborted();
      measured.push(await openPhoto(photo, settings.size));
    }
    await measureRobustness(subjects, measured, settings, {
      from,
      signal,
      ...(threads === undefined ? {} : { threads }),
      onFinding: (finding) => send({ type: 'finding', finding }),
      ...(pictures === undefined
        ? {}
        : {
            onWorstCase: async (worst) => send({ type: 'worst-case', worst: await writeWorstCase(pictures, worst) }),
          }),
    });
    send({ type: 'measured', completed: true });
  } catch (error) {
    if (!signal.aborted) throw error;
    send({ type: 'measured', completed: false });
  }
}

async function openSubject(described: StudyNetwork): Promise<Subject> {
  const { key, layers } = described;
  return { key, network: await openStudyNetwork(described), layers };
}

async function openPhoto({ path, sha256, width, height }: StudyPhoto, size: number): Promise<MeasuredPhoto> {
  const longSide = Math.ceil((OVERSIZE * size * Math.max(width, height)) / Math.min(width, height));
  const decoded = await decodeImage(path, { longSide });
  if (decoded.sha256 !== sha256) {
    throw new MadderError('input', `${path} is not the photo of the study any more; put the original back.`);
  }
  return { key: sha256, picture: await centreSquare(toPicture(decoded), size) };
}

async function writeWorstCase(
  folder: string,
  { network, layer, statistic, photo, original, attacked }: WorstCase,
): Promise<WorstCaseFiles> {
  // Layers of ONNX files are called anything.
  const base = `${network} ${layer} ${statistic}`.replaceAll(/[^A-Za-z0-9._-]+/g, '-');
  const { picture, amplification } = amplifiedDifference(original, attacked);
  const write = async (what: string, shown: Picture) => {
    const name = `${base}-${what}.png`;
    await writeImage(join(folder, name), shown);
    return name;
  };
  return {
    ...{ network, layer, statistic, photo, amplification },
    original: await write('original', original),
    attacked: await write('attacked', attacked),
    difference: await write('difference', picture),
  };
}

/** What was added to a picture, around middle grey and as strong as it can be shown. */
function amplifiedDifference(original: Picture, attacked: Picture): { picture: Picture; amplification: number } {
  const difference = attacked.data.map((v, i) => v - original.data[i]!);
  const largest = difference.reduce((most, d) => Math.max(most, Math.abs(d)), 0);
  const amplification = largest > 0 ? 0.5 / largest : 1;
  return { picture: { ...original, data: difference.map((d) => 0.5 + amplification * d) }, amplification };
}
