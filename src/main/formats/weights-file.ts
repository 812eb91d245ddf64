import { MadderError } from '../../shared/errors.ts';
import { elementCount, type Tensor } from '../../shared/tensor.ts';
import type { ByteSource } from './byte-source.ts';
import { elementBytes, tensorOf } from './elements.ts';
import { quoted } from './refusal.ts';
import { indexSafetensors } from './safetensors.ts';
import { indexTorchLegacy } from './torch-legacy.ts';
import { indexTorchZip } from './torch-zip.ts';
import type { TensorEntry, WeightsIndex } from './weights-index.ts';

/** Weights files of every kind: what they are is told by their first bytes, never by their names. */

/** Expanded tensors (stride 0) are larger than their data; this much is always fine. */
const SMALL_TENSOR_BYTES = 2 ** 20;

const HEAD_BYTES = 512;

/**
 * Lists what a weights file holds: safetensors, and PyTorch checkpoints in both formats. Nothing of the tensors is read.
 * @param file what to call the file in messages
 * @throws MadderError `network` where it is none of them, is broken, or holds no tensor that can be read without running
 * the program that it was made for
 */
export async function readWeightsIndex(source: ByteSource, file: string): Promise<WeightsIndex> {
  const head = await source.read(0, Math.min(HEAD_BYTES, source.size));
  const index = await indexOf(source, file, head);
  const [needed] = index.unreadable.values();
  if (index.tensors.size === 0 && needed !== undefined) throw needsProgram(file, needed);
  return index;
}

/** The refusal of a file whose tensors are inside objects of a program: `name` is what they ask for. */
export function needsProgram(file: string, name: string): MadderError {
  return new MadderError(
    'network',
    `${file} holds its tensors in objects of ${quoted(name)}, which Madder does not run; save the state_dict of the ` +
      'model with torch.save, or export it to ONNX.',
  );
}

function indexOf(source: ByteSource, file: string, head: Uint8Array): Promise<WeightsIndex> {
  const text = TEXT.decode(head);
  if (text.startsWith('PK\x03\x04')) return indexTorchZip(source, file);
  if (isLegacy(text)) return indexTorchLegacy(source, file);
  // JSON's first bracket, behind a length that is the rest of the file at most; the suffix decides only what is said.
  if (text[8] === '{' || /\.safetensors$/i.test(file)) return indexSafetensors(source, file);
  const refuse = (what: string): never => {
    throw new MadderError('network', `${file} ${what}.`);
  };
  if (text.startsWith('ustar', 257)) {
    return refuse('is a checkpoint of PyTorch before 0.1.10 (a tar archive); load and save it with a newer PyTorch');
  }
  if (head[0] === 0x80)
    return refuse('is a Python pickle but no PyTorch checkpoint; save its state_dict with torch.save');
  if (text.startsWith('version https://git-lfs')) {
    return refuse('only names a file in Git Large File Storage; run "git lfs pull" or download the file itself');
  }
  if (/^\s*<(!doctype|html|\?xml)/i.test(text)) {
    return refuse('is a web page instead of weights; download the file that the page offers');
  }
  return refuse('is neither a safetensors file nor a PyTorch checkpoint; use one of them, or an ONNX file');
}

const TEXT = new TextDecoder('latin1');

/** The magic number of legacy checkpoints: in binary, behind a protocol and maybe a frame, or (protocol 1) in decimal. */
const isLegacy = (text: string): boolean =>
  (text.startsWith('\x80') && text.slice(0, 20).includes('\x8a\x0a\x6c\xfc\x9c\x46')) ||
  text.startsWith('L119547037146038801333356L');

/**
 * Refuses a tensor that would be larger than the whole file, which only endless repetition makes it.
 * @throws MadderError `network`
 */
export function checkTensorSize({ name, type, dims }: TensorEntry, fileBytes: number): void {
  if (elementCount(dims) * elementBytes(type) <= Math.max(fileBytes, SMALL_TENSOR_BYTES)) return;
  throw new MadderError('network', `The tensor ${quoted(name)} is larger than its file; export the file again.`);
}

/**
 * Reads one tensor of a file, dense and row-major, in the element type it has there.
 * @throws MadderError `network` as {@link checkTensorSize}
 */
export async function readTensor(source: ByteSource, entry: TensorEntry): Promise<Tensor> {
  checkTensorSize(entry, source.size);
  const { type, dims, strides, begin, end } = entry;
  const size = elementBytes(type);
  const range = await source.read(begin, end);
  const dense = strides ? gather(range, dims, strides, size) : range;
  return tensorOf(type, dims, entry.bigEndian && size > 1 ? swapped(dense, size) : dense);
}

/** Elements of `size` bytes at the given strides, one after another in row-major order. */
function gather(bytes: Uint8Array, dims: readonly number[], strides: readonly number[], size: number): Uint8Array {
  const count = elementCount(dims);
  const out = new Uint8Array(count * size);
  const index = new Array<number>(dims.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to += size) {
    for (let b = 0; b < size; b++) out[to + b] = bytes[from + b]!;
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      from += strides[axis]! * size;
      if (++index[axis]! < dims[axis]!) break;
      from -= strides[axis]! * size * dims[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

/** A copy with the bytes of every element reversed. */
function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(bytes.byteLength);
  for (let i = 0; i < out.length; i += size) for (let b = 0; b < size; b++) out[i + b] = bytes[i + size - 1 - b]!;
  return out;
}
