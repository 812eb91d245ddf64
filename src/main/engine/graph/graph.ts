import type { AttributeValue, OnnxModel, OnnxNode } from '../../formats/onnx.ts';
import { elementCount, floatTensor, intTensor, type ElementType, type Tensor } from '../../../shared/tensor.ts';
import { inferShapes } from './shapes.ts';

/** Operator set that every graph in the engine speaks: the newest that cpu, cuda, dml and webgpu providers all cover. */
export const OPSET = 17;

/** Type and concrete shape of a value in a graph. */
export interface Value {
  readonly type: ElementType;
  readonly dims: readonly number[];
}

/**
 * A computation with concrete shapes, opset 17. Nodes are appended in execution order and their output shapes are
 * inferred (or refused) at once, so whoever holds a name can ask for its shape.
 */
export class Graph {
  readonly nodes: OnnxNode[] = [];
  readonly initializers = new Map<string, Tensor>();
  readonly inputs = new Map<string, Value>();
  readonly outputs: string[] = [];
  /** The file's name for the node that is being replayed: every node appended meanwhile keeps it, for messages. */
  origin: string | undefined;
  readonly #values = new Map<string, Value>();
  readonly #producers = new Map<string, OnnxNode>();
  readonly #scalars = new Map<string, string>();
  #counter = 0;

  /** Declares an input with a fixed shape and returns its name. */
  input(name: string, type: ElementType, dims: readonly number[]): string {
    this.#declare(name, { type, dims });
    this.inputs.set(name, { type, dims });
    return name;
  }

  /** Adds a constant under a fresh name made from `hint` (or exactly `hint` when that is free). */
  constant(tensor: Tensor, hint = 'constant'): string {
    const name = this.fresh(hint);
    this.#declare(name, { type: tensor.type, dims: tensor.dims });
    this.initializers.set(name, tensor);
    return name;
  }

  /** A float32 scalar constant, shared between equal values. */
  scalar(value: number): string {
    return this.#shared(`f${value}`, () => this.constant(floatTensor([], [value]), 'scalar'));
  }

  /** A one-dimensional int64 constant (axes, shapes, pads), shared between equal values. */
  ints(values: readonly number[]): string {
    return this.#shared(`i${values.join()}`, () => this.constant(intTensor(values), 'ints'));
  }

  /** Appends a node with one output and returns that output's name. */
  op(type: string, inputs: readonly string[], attributes: Record<string, AttributeValue> = {}, name?: string): string {
    return this.ops(type, inputs, attributes, [this.fresh(name ?? type)])[0]!;
  }

  /** Appends a node with the given output names; '' omits an optional output. Returns the same names. */
  ops(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, AttributeValue>,
    outputs: readonly string[],
    name = outputs[0] ?? '',
  ): readonly string[] {
    const node: OnnxNode = {
      ...{ op: type, domain: '', name, inputs: [...inputs], outputs: [...outputs], attributes },
      ...(this.origin !== undefined && { origin: this.origin }),
    };
    const values = inferShapes(
      node,
      inputs.map((i) => (i === '' ? undefined : this.value(i))),
      inputs.map((i) => this.initializers.get(i)),
    );
    outputs.forEach((output, k) => {
      if (output === '') return;
      this.#declare(output, values[k]!);
      this.#producers.set(output, node);
    });
    this.nodes.push(node);
    return outputs;
  }

  /** Marks a value as a result of the graph. */
  output(name: string): void {
    this.value(name);
    if (!this.outputs.includes(name)) this.outputs.push(name);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  value(name: string): Value {
    const value = this.#values.get(name);
    if (!value) throw new Error(`the graph has no value named "${name}"`);
    return value;
  }

  /** Shape of a value. */
  dims(name: string): readonly number[] {
    return this.value(name).dims;
  }

  /** The constant behind a name, or undefined when it is computed or fed. */
  tensor(name: string): Tensor | undefined {
    return this.initializers.get(name);
  }

  /** The node that computes a value, or undefined for inputs and constants. */
  producer(name: string): OnnxNode | undefined {
    return this.#producers.get(name);
  }

  /** A name that no value has yet: `hint` itself when it is free, otherwise `hint~N`. */
  fresh(hint: string): string {
    let name = hint;
    while (name === '' || this.#values.has(name)) name = `${hint}~${++this.#counter}`;
    return name;
  }

  /** The graph as an ONNX model without what no output needs. */
  toModel(name = 'madder'): OnnxModel {
    const { nodes, used } = this.#live();
    return {
      opset: OPSET,
      producer: 'madder',
      metadata: {},
      graph: {
        name,
        nodes,
        initializers: new Map([...this.initializers].filter(([key]) => used.has(key))),
        inputs: [...this.inputs].filter(([key]) => used.has(key)).map(([key, v]) => ({ name: key, ...v })),
        outputs: this.outputs.map((key) => ({ name: key, ...this.value(key) })),
      },
    };
  }

  /** Bytes of all constants that an output needs. */
  constantBytes(): number {
    const { used } = this.#live();
    return [...this.initializers].reduce((sum, [key, t]) => sum + (used.has(key) ? t.data.byteLength : 0), 0);
  }

  /** Number of elements of a value. */
  size(name: string): number {
    return elementCount(this.dims(name));
  }

  #live(): { nodes: OnnxNode[]; used: Set<string> } {
    const used = new Set(this.outputs);
    const nodes: OnnxNode[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((o) => o !== '' && used.has(o))) continue;
      nodes.push(node);
      for (const input of node.inputs) if (input !== '') used.add(input);
    }
    return { nodes: nodes.reverse(), used };
  }

  #shared(key: string, make: () => string): string {
    let name = this.#scalars.get(key);
    if (name === undefined) this.#scalars.set(key, (name = make()));
    return name;
  }

  #declare(name: string, value: Value): void {
    if (this.#values.has(name)) throw new Error(`the graph already has a value named "${name}"`);
    this.#values.set(name, value);
  }
}
