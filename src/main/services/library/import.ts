import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { CatalogueEntry } from '../../../shared/catalogue.ts';
import { MadderError } from '../../../shared/errors.ts';
import {
  IMAGENET_NORMALIZATION,
  networkIdSchema,
  type NetworkManifest,
  type Normalization,
  type Provenance,
} from '../../../shared/network-manifest.ts';
import { fileSource } from '../../formats/byte-source.ts';
import { loadNetwork } from '../../engine/networks/load.ts';
import { convertWeights, type Precision } from './convert.ts';
import { diskError } from './disk.ts';
import { checkSize, factsOf, hashCheck } from './download.ts';
import { libraryFolder } from './folders.ts';
import { checkFree, installNetwork, toolName, type NetworkFacts } from './install.ts';
import { planWeights } from './plan.ts';
import { readStateDict } from './weights.ts';

export interface ImportOptions {
  readonly library?: string;
  /** The file is this network's of the catalogue, got by hand. */
  readonly as?: CatalogueEntry;
  /** By default made from the file's name. */
  readonly id?: string;
  readonly name?: string;
  /** By default what the file says, then ImageNet's. */
  readonly normalization?: Normalization;
  /** How kernels are stored (float16); ONNX files stay as they are. */
  readonly precision?: Precision;
}

export interface ImportResult {
  readonly manifest: NetworkManifest;
  /** What of the file is not needed for painting: names of tensors, and of whole parts. */
  readonly unused: readonly string[];
  /** What a person should know, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * Puts a file of this computer into the library: safetensors or PyTorch weights of an architecture that Madder builds, or
 * ONNX.
 * @throws MadderError in one sentence where it cannot be used
 */
export async function importNetwork(path: string, options: ImportOptions = {}): Promise<ImportResult> {
  const { library = libraryFolder(), as: entry } = options;
  const file = basename(path);
  const name = options.name ?? entry?.name ?? basename(path, extname(path));
  const id = options.id ?? entry?.id ?? idFrom(name);
  const problem = networkIdSchema.safeParse(id).error?.issues[0]?.message;
  if (problem !== undefined) throw new MadderError('input', `"${id}" cannot be an id: it may have ${problem}.`);
  if (FILE_SUFFIXES.has(extname(id).toLowerCase())) {
    throw new MadderError('input', `"${id}" cannot be an id: it would be taken for a file; leave the ending out.`);
  }
  await checkFree(id);
  const { size, sha256 } = await measure(path);
  const check = entry ? checkAgainst(entry, size, sha256, file) : ('none' as const);
  const origin = { file, bytes: size, sha256, hashCheck: check, date: new Date().toISOString(), tool: toolName() };
  const own = { id, name, source: file, ...(options.normalization ? { normalization: options.normalization } : {}) };
  try {
    await mkdir(library, { recursive: true });
  } catch (error) {
    throw diskError(library, error);
  }
  return extname(path).toLowerCase() === '.onnx'
    ? importOnnx(path, library, own, origin, entry)
    : importWeights(path, library, own, origin, entry, options.precision ?? 'float16');
}

const FILE_SUFFIXES = new Set(['.safetensors', '.pth', '.pt', '.th', '.ckpt', '.bin', '.onnx', '.json']);

type Own = Pick<NetworkFacts, 'id' | 'name' | 'source'> & Partial<Pick<NetworkFacts, 'normalization'>>;
type Origin = Omit<Provenance, 'format'>;

async function importWeights(
  path: string,
  library: string,
  own: Own,
  origin: Origin,
  entry: CatalogueEntry | undefined,
  precision: Precision,
): Promise<ImportResult> {
  const source = await fileSource(path);
  try {
    const { format, entries, dropped, normalization: stated } = await readStateDict(source, origin.file);
    const base = entry ? factsOf(entry) : UNKNOWN;
    const normalization = own.normalization ?? entry?.normalization ?? stated ?? ASSUMED;
    const plan = planWeights(entries, normalization, origin.file);
    if (entry && plan.architecture !== entry.architecture) {
      throw new MadderError(
        'network',
        `${origin.file} holds ${plan.architecture} instead of ${entry.architecture}; choose the file of ${entry.name}.`,
      );
    }
    const converted = await convertWeights(source, plan, precision, origin.file);
    const facts: NetworkFacts = { ...base, ...own, normalization };
    const manifest = await installNetwork(library, {
      ...plan,
      ...converted,
      facts,
      provenance: { ...origin, format },
    });
    return { manifest, unused: [...plan.unused, ...dropped], notes: notesOn(manifest) };
  } finally {
    await source.close();
  }
}

async function importOnnx(
  path: string,
  library: string,
  own: Own,
  origin: Origin,
  entry: CatalogueEntry | undefined,
): Promise<ImportResult> {
  if (entry) {
    throw new MadderError(
      'input',
      `${origin.file} is an ONNX file, and ${entry.name} comes as weights; import it under a name of its own.`,
    );
  }
  const network = await loadNetwork(path, own.normalization ? { normalization: own.normalization } : {});
  const bytes = await readFile(path);
  const normalization = own.normalization ?? ASSUMED;
  const manifest = await installNetwork(library, {
    facts: { ...UNKNOWN, ...own, normalization },
    architecture: 'onnx',
    template: network,
    suggested: undefined,
    bytes,
    sha256: origin.sha256!,
    provenance: { ...origin, format: 'onnx' },
  });
  return { manifest, unused: [], notes: notesOn(manifest) };
}

const UNKNOWN = { licence: '', citation: '', description: '' };
const ASSUMED: Normalization = { ...IMAGENET_NORMALIZATION, assumed: true };

const notesOn = ({ name, normalization }: NetworkManifest): string[] =>
  normalization.assumed
    ? [`${name} does not say how it wants its pictures; ImageNet's mean and deviation are assumed (--mean, --std).`]
    : [];

/** `My Network (2).pth` becomes `my-network-2`. */
function idFrom(name: string): string {
  const id = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|-+$/g, '');
  return id || 'network';
}

/**
 * Whether a file may be the one that the catalogue means, by what it knows of its sources.
 * @throws MadderError `network` where it is none of them
 */
function checkAgainst(
  { name, sources }: CatalogueEntry,
  size: number,
  sha256: string,
  file: string,
): Provenance['hashCheck'] {
  const known = sources.find((source) => source.sha256 !== undefined && sha256.startsWith(source.sha256));
  if (known) return hashCheck(known.sha256);
  const possible = sources.some((source) => {
    if (source.sha256 !== undefined) return false;
    try {
      checkSize(source, size);
      return true;
    } catch {
      return false;
    }
  });
  if (possible) return 'none';
  throw new MadderError(
    'network',
    `${file} is not the published file of ${name} (${size} bytes, SHA-256 ${sha256.slice(0, 8)}); download it again, or import it under another name.`,
  );
}

async function measure(path: string): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256');
  try {
    const { size } = await stat(path);
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return { size, sha256: hash.digest('hex') };
  } catch (cause) {
    throw new MadderError('input', `${path} could not be read; check that the file is there.`, { cause });
  }
}
