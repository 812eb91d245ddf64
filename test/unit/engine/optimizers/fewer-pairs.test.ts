import { describe, expect, it } from 'vitest';
import { withFewerPairs } from '../../../../src/main/engine/optimizers/fewer-pairs.ts';
import { Lbfgs } from '../../../../src/main/engine/optimizers/lbfgs.ts';
import type { Objective, OptimizerState } from '../../../../src/main/engine/optimizers/optimizer.ts';

const N = 60;
/** A quadratic of condition 100. */
const objective: Objective = async (x) => {
  const gradient = Float32Array.from(x, (value, i) => (1 + (99 * i) / N) * (value - 0.5));
  return { loss: x.reduce((sum, value, i) => sum + 0.5 * (1 + (99 * i) / N) * (value - 0.5) ** 2, 0), gradient };
};

async function saved(pairPrecision: 'single' | 'half'): Promise<OptimizerState> {
  const lbfgs = new Lbfgs(
    objective,
    Float32Array.from({ length: N }, (_, i) => ((i * 7) % 11) / 11),
    {
      history: 8,
      pairPrecision,
    },
  );
  for (let i = 0; i < 10; i++) await lbfgs.step();
  expect(lbfgs.pairs).toBe(8);
  return structuredClone(lbfgs.save());
}

describe('a saved optimizer with fewer pairs', () => {
  it.each(['single', 'half'] as const)(
    'has the newest ones with their products, in %s precision',
    async (precision) => {
      const state = await saved(precision);
      const less = withFewerPairs(state, 3, precision);
      expect(Object.keys(less.vectors).sort()).toEqual(['gradient', 's0', 's1', 's2', 'x', 'y0', 'y1', 'y2']);
      for (const [to, from] of [
        ['s0', 's5'],
        ['y2', 'y7'],
        ['x', 'x'],
      ] as const) {
        expect(less.vectors[to]).toBe(state.vectors[from]);
      }
      const full = (name: string, i: number, j: number) => state.numbers[name]![8 * (5 + i) + 5 + j];
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++) {
          expect(less.numbers['yy']![3 * i + j]).toBe(full('yy', i, j));
          expect(less.numbers['sy']![3 * i + j]).toBe(full('sy', i, j));
        }
      }
      expect(less.numbers['sq']).toEqual(state.numbers['sq']!.slice(5));
      expect(less.numbers['ids']).toEqual(state.numbers['ids']!.slice(5));
    },
  );

  it('goes on to the minimum', async () => {
    const lbfgs = Lbfgs.restore(objective, withFewerPairs(await saved('single'), 3, 'single'));
    expect([lbfgs.pairs, lbfgs.capacity]).toEqual([3, 3]);
    const before = lbfgs.best.loss;
    for (let i = 0; i < 40; i++) await lbfgs.step();
    expect(lbfgs.pairs).toBe(3);
    expect(lbfgs.best.loss).toBeLessThan(1e-6 * Math.max(before, 1e-3));
  });

  it('counts one that was saved in single precision as two where halves were planned', async () => {
    const kept = async (from: 'single' | 'half', planned: number, to: 'single' | 'half') =>
      Lbfgs.restore(objective, withFewerPairs(await saved(from), planned, to)).pairs;
    expect(await kept('single', 8, 'half')).toBe(4);
    expect(await kept('single', 1, 'half')).toBe(1);
    expect(await kept('half', 8, 'half')).toBe(8);
    expect(await kept('half', 5, 'single')).toBe(5);
  });

  it('is itself where there are not too many, or none', async () => {
    const state = await saved('single');
    expect(withFewerPairs(state, 8, 'single')).toBe(state);
    const adam: OptimizerState = { method: 'adam', numbers: {}, vectors: {} };
    expect(withFewerPairs(adam, 1, 'half')).toBe(adam);
  });
});
