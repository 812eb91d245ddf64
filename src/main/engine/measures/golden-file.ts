import { basename } from 'node:path';
import { MadderError } from '../../../shared/errors.ts';
import { elementCount, type Tensor } from '../../../shared/tensor.ts';
import { isFloatType, toFloat32 } from '../../formats/half.ts';
import { readSafetensorsFile, type Safetensors } from '../../formats/safetensors.ts';

/** A place in a network where a reference knows the features. */
export interface GoldenTap {
  readonly name: string;
  /** The features. */
  readonly activation: Tensor<'float32'>;
  /** A cotangent of the same shape. */
  readonly seed: Tensor<'float32'>;
}

/** What another program (PyTorch, in float64) computed with a network: `NAME.golden.safetensors`. */
export interface Golden {
  /** [1,3,H,W] in [0,1]. */
  readonly image: Tensor<'float32'>;
  /** The network sees (image - mean) / std, per channel. */
  readonly mean: [number, number, number];
  readonly std: [number, number, number];
  readonly taps: readonly GoldenTap[];
  /** [1,3,H,W]: d/d image of the sum over taps of <activation, seed>. */
  readonly gradient: Tensor<'float32'>;
  /** Name of the file, beside this one, that holds the weights, where it is not the usual one. */
  readonly weights: string | undefined;
  /** Whether the reference was computed with average pooling in place of the network's own. */
  readonly averagePooling: boolean;
}

/**
 * Reads a reference file: `image`, `mean`, `std`, `grad_image`, and `act.t` with `seed.t` for every tap t.
 * @throws MadderError `input` where the file cannot be read or lacks something, `network` where it is no safetensors file
 */
export async function readGolden(path: string): Promise<Golden> {
  const { tensors, metadata } = await readSafetensorsFile(path);
  const file = basename(path);
  const image = floats(tensors, file, 'image');
  if (image.dims.length !== 4 || image.dims[0] !== 1 || image.dims[1] !== 3) {
    throw unusable(file, `holds "image" as [${image.dims.join(', ')}] instead of [1, 3, height, width]`);
  }
  const names = [...tensors.keys()].filter((key) => key.startsWith('act.')).map((key) => key.slice('act.'.length));
  if (names.length === 0) throw unusable(file, 'holds no activations ("act." and a name)');
  const taps = names.map((name) => {
    const activation = floats(tensors, file, `act.${name}`);
    return { name, activation, seed: floats(tensors, file, `seed.${name}`, activation.dims) };
  });
  return {
    image,
    mean: perChannel(tensors, file, 'mean'),
    std: perChannel(tensors, file, 'std'),
    taps,
    gradient: floats(tensors, file, 'grad_image', image.dims),
    weights: metadata['weights'],
    averagePooling: metadata['pooling'] === 'average',
  };
}

function floats(
  tensors: Safetensors['tensors'],
  file: string,
  name: string,
  dims?: readonly number[],
): Tensor<'float32'> {
  const tensor = tensors.get(name);
  if (!tensor) throw unusable(file, `lacks the tensor "${name}"`);
  if (!isFloatType(tensor.type)) throw unusable(file, `holds "${name}" as ${tensor.type} instead of float32`);
  if (dims && tensor.dims.join() !== dims.join()) {
    throw unusable(file, `holds "${name}" as [${tensor.dims.join(', ')}] instead of [${dims.join(', ')}]`);
  }
  const single = toFloat32(tensor);
  if (!single.data.every(Number.isFinite)) throw unusable(file, `holds undefined or infinite numbers in "${name}"`);
  return single;
}

function perChannel(tensors: Safetensors['tensors'], file: string, name: string): [number, number, number] {
  const tensor = floats(tensors, file, name);
  if (elementCount(tensor.dims) !== 3)
    throw unusable(file, `holds ${tensor.data.length} numbers in "${name}" instead of 3`);
  return [tensor.data[0]!, tensor.data[1]!, tensor.data[2]!];
}

const unusable = (file: string, what: string): MadderError =>
  new MadderError('input', `The reference ${file} ${what}; compute it again.`);
