import type { ElementType } from '../../shared/tensor.ts';

/** Where a tensor of a weights file lies and how its elements are laid out there; nothing of its data is read yet. */
export interface TensorEntry {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** Elements between neighbours along each dimension; undefined where the data is contiguous in row-major order. */
  readonly strides?: readonly number[];
  /** Byte range in the file that holds every element; the first element lies at `begin`. */
  readonly begin: number;
  readonly end: number;
  readonly bigEndian?: boolean;
}

export type WeightsFormat = 'safetensors' | 'torch-zip' | 'torch-legacy';

/** The table of contents of a weights file: what can be read, and what was there but is no tensor that Madder reads. */
export interface WeightsIndex {
  readonly format: WeightsFormat;
  /** By full path from the root (`state_dict.module.conv1.weight`), in the file's order. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * Objects that hold tensors but would need a program of their own to be made, by path from the root (empty for the
   * root): the name that they ask for, such as `torchvision.models.resnet.ResNet`.
   */
  readonly unreadable: ReadonlyMap<string, string>;
  /** Parts of the file that were skipped, in words. */
  readonly skipped: readonly string[];
}
