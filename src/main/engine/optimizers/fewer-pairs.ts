import { pairVectors, type PairPrecision } from './history.ts';
import type { OptimizerState } from './optimizer.ts';

/**
 * A saved L-BFGS with the newest of its curvature pairs, for a run that goes on within less memory than it began with.
 * @param planned pairs that there is memory for, in that precision: saved ones in single precision take the place of two in half
 */
export function withFewerPairs(state: OptimizerState, planned: number, precision: PairPrecision): OptimizerState {
  const { numbers, vectors, method } = state;
  const isLarger = precision === 'half' && numbers['half']?.[0] !== 1;
  const most = isLarger ? Math.max(1, Math.floor(planned / 2)) : planned;
  const [capacity = 0] = numbers['capacity'] ?? [];
  if (method !== 'lbfgs' || capacity <= most) return state;
  const [held = 0] = numbers['pairs'] ?? [];
  const dropped = Math.max(0, held - most);
  const kept = held - dropped;
  const square = (name: string): number[] =>
    Array.from(
      { length: kept * kept },
      (_, k) => numbers[name]![(dropped + Math.floor(k / kept)) * held + dropped + (k % kept)]!,
    );
  const line = (name: string): number[] => (numbers[name] ?? []).slice(dropped);
  const pairs = (name: 's' | 'y') => Array.from({ length: kept }, (_, i) => vectors[`${name}${dropped + i}`]!);
  const others = Object.entries(vectors).filter(([name]) => !/^[sy]\d+$/.test(name));
  return {
    ...state,
    numbers: {
      ...numbers,
      capacity: [most],
      pairs: [kept],
      sy: square('sy'),
      yy: square('yy'),
      sq: line('sq'),
      yq: line('yq'),
      ...(numbers['ids'] ? { ids: line('ids') } : {}),
    },
    vectors: { ...Object.fromEntries(others), ...pairVectors(pairs('s'), pairs('y')) },
  };
}
