import type { Graph } from '../graph/graph.ts';
import { POINTWISE } from '../networks/receptive-fields.ts';

/** Operators that the runtime computes in the place of an input that nothing else needs. */
const IN_PLACE = new Set([...POINTWISE, 'HardSigmoid', 'Softmax']);
/** Operators that move nothing; where a value is in the cpu's blocked layout, they bring it back into its plain one first. */
const VIEWS = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten']);
/** Channels that the cpu's blocked layout keeps together: a value takes up whole blocks. */
const BLOCK = 16;

/** What the runtime's arena takes beyond what is alive, measured on networks of every kind (benchmarks/tiling.ts). */
const ARENA = 1.3;
/** Copies of the weights: in the model, and in the order that the kernels want. */
const WEIGHTS = 3;
/** A session of a small network, bytes. */
const SESSION = 100e6;

/** Memory that a session takes, bytes: what it always takes, and what comes with every pixel of its picture. */
export interface SessionCost {
  readonly fixed: number;
  readonly perPixel: number;
}

/** @param graph of a picture of `pixels`; the cost of a graph for other sizes follows, since layers grow with the picture */
export function sessionCost(graph: Graph, pixels: number, blockedLayout: boolean): SessionCost {
  return {
    fixed: SESSION + WEIGHTS * graph.constantBytes(),
    perPixel: (ARENA * liveBytes(graph, blockedLayout)) / pixels,
  };
}

/** Bytes at a number of pixels. */
export const costAt = ({ fixed, perPixel }: SessionCost, pixels: number): number => fixed + perPixel * pixels;

/**
 * Bytes of all values that are alive at once when a graph runs in its order, at the worst moment: its inputs, and every result
 * from where it is computed to where it is last used. Weights are not counted.
 */
export function liveBytes(graph: Graph, blockedLayout: boolean): number {
  const { nodes, inputs, outputs } = graph.toModel().graph;
  const lastUse = new Map<string, number>();
  nodes.forEach((node, i) => node.inputs.forEach((name) => lastUse.set(name, i)));
  for (const { name } of outputs) lastUse.set(name, nodes.length);
  const bytes = (name: string) => {
    const dims = graph.dims(name);
    const inBlocks = blockedLayout && dims.length === 4 && dims[1]! > 3 && graph.producer(name) !== undefined;
    return 4 * graph.size(name) * (inBlocks ? (BLOCK * Math.ceil(dims[1]! / BLOCK)) / dims[1]! : 1);
  };
  /** Results that lie in the place of another value. */
  const places = new Map<string, string>();
  const placeOf = (name: string): string => places.get(name) ?? name;
  const users = new Map<string, number>();
  const computed = new Set<string>();
  let live = inputs.reduce((sum, { name }) => sum + bytes(name), 0);
  let most = live;
  nodes.forEach((node, i) => {
    for (const output of node.outputs) {
      if (output === '' || !lastUse.has(output)) continue;
      const isInPlace = IN_PLACE.has(node.op) || (VIEWS.has(node.op) && !blockedLayout);
      const place = isInPlace
        ? node.inputs.map(placeOf).find((name, k) => {
            const dies = lastUse.get(node.inputs[k]!) === i && users.get(name) === 1;
            return computed.has(name) && dies && bytes(name) === bytes(output);
          })
        : undefined;
      if (place !== undefined) {
        places.set(output, place);
        users.set(place, users.get(place)! + 1);
      } else {
        computed.add(output);
        users.set(output, 1);
        live += bytes(output);
      }
    }
    most = Math.max(most, live);
    for (const name of new Set(node.inputs)) {
      if (lastUse.get(name) !== i) continue;
      const place = placeOf(name);
      if (!computed.has(place)) continue;
      users.set(place, users.get(place)! - 1);
      if (users.get(place) === 0) live -= bytes(place);
    }
  });
  return most;
}
