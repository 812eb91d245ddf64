import { MadderError } from '../../../../shared/errors.ts';
import type { Tensor } from '../../../../shared/tensor.ts';
import { isFloatType, toFloat32 } from '../../../formats/half.ts';

/** The weights of a network as a training program saved them: tensors by name, to be checked as they are taken. */
export class StateDict {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What to call the weights in messages. */
  readonly file: string;

  constructor(tensors: ReadonlyMap<string, Tensor>, file: string) {
    this.tensors = tensors;
    this.file = file;
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /** Shape of a tensor, or undefined where there is none of that name. */
  dims(name: string): readonly number[] | undefined {
    return this.tensors.get(name)?.dims;
  }

  /** Numbers `N` for which a tensor `prefix N suffix` exists, ascending. */
  indices(prefix: string, suffix: string): number[] {
    return [...this.tensors.keys()]
      .filter((name) => name.startsWith(prefix) && name.endsWith(suffix))
      .map((name) => name.slice(prefix.length, name.length - suffix.length))
      .filter((text) => /^\d+$/.test(text))
      .map(Number)
      .sort((a, b) => a - b);
  }

  /**
   * A tensor as float32, of the given shape (undefined: any size).
   * @throws MadderError `network` where it is missing, has another shape, or holds anything but finite real numbers
   */
  float(name: string, dims: readonly (number | undefined)[]): Tensor<'float32'> {
    const tensor = this.tensors.get(name);
    if (!tensor) this.refuse(`lacks the tensor "${name}"`);
    if (tensor.dims.length !== dims.length || dims.some((d, i) => d !== undefined && d !== tensor.dims[i])) {
      const expected = dims.map((d) => d ?? '?').join(', ');
      this.refuse(`holds "${name}" as [${tensor.dims.join(', ')}] where [${expected}] is needed`);
    }
    if (!isFloatType(tensor.type)) this.refuse(`holds "${name}" as ${tensor.type} where real numbers are needed`);
    const floats = toFloat32(tensor);
    if (!isFinite32(floats.data)) this.refuse(`holds infinite or undefined numbers in "${name}"`);
    return floats;
  }

  /** Throws a MadderError `network` whose sentence begins with the file's name. */
  refuse(what: string): never {
    throw new MadderError('network', `${this.file} ${what}; use complete weights of a known architecture, or ONNX.`);
  }
}

/** Whether all numbers are finite. */
export function isFinite32(data: Float32Array): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i]!)) return false;
  return true;
}
