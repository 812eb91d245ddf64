import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROVIDER_OPERATORS, portabilityProblems } from '../../reference/provider-operators.ts';
import { PROPERTY_SEED } from '../../support/gradients/check.ts';
import { gradientCases } from '../../support/gradients/index.ts';
import { pose } from '../../support/gradients/problem.ts';

/** Every distinct reason why some node that the rules emit for a case would not run everywhere, with where it came from. */
function problemsOf({ parameters, problem, runs }: (typeof gradientCases)[number], emitted: Set<string>): string[] {
  const problems = new Map<string, string>();
  fc.sample(parameters, { seed: PROPERTY_SEED, numRuns: 2 * runs }).forEach((drawn, seed) => {
    for (const blockedLayout of [false, true]) {
      const posed = pose(problem(drawn), seed, blockedLayout);
      for (const node of posed.emitted) {
        emitted.add(node.op);
        for (const what of portabilityProblems(posed.graph, node)) {
          problems.set(what, `${what} (node "${node.name}", parameters ${JSON.stringify(drawn)})`);
        }
      }
    }
  });
  return [...problems.values()];
}

describe('the backward pass runs on cpu, webgpu, cuda and dml', () => {
  const emitted = new Set<string>();

  it.each(gradientCases.map((one) => [one.name, one] as const))('%s', (_, one) => {
    expect(problemsOf(one, emitted)).toEqual([]);
  });

  it('as the tables say of every operator that any rule emitted', () => {
    expect(emitted.size).toBeGreaterThan(20);
    for (const operators of Object.values(PROVIDER_OPERATORS)) {
      expect([...emitted].filter((op) => !operators.has(op))).toEqual([]);
    }
  });
});
