import { describe, expect, test } from 'vitest';
import {
  curveOf,
  CURVE_NAMES,
  curveWeights,
  inOrder,
  meterLevel,
  moveTogether,
  sameWeights,
  unitOf,
} from '../../../src/renderer/features/equaliser/weights.ts';

const NAMES = ['relu1_1', 'relu2_1', 'relu3_1'];

describe('faders', () => {
  test('stand at their mark with the largest weight that is suggested', () => {
    expect(unitOf({ relu1_1: 0.2, relu2_1: 0.1 })).toBe(0.2);
    expect(unitOf({})).toBe(1);
    expect(unitOf({ relu1_1: 0 })).toBe(1);
  });

  test('go from fine to coarse, and layers that the network does not know come last', () => {
    expect(inOrder({ odd: 1, relu3_1: 1, relu1_1: 1 }, NAMES)).toEqual(['relu1_1', 'relu3_1', 'odd']);
  });

  test('move together in proportion, up to the top', () => {
    const from = { relu1_1: 1, relu2_1: 0.5, relu3_1: 1.6 };
    expect(moveTogether(from, 'relu2_1', 0.25, 2)).toEqual({ relu1_1: 0.5, relu2_1: 0.25, relu3_1: 0.8 });
    expect(moveTogether(from, 'relu2_1', 1, 2)).toEqual({ relu1_1: 2, relu2_1: 1, relu3_1: 2 });
  });

  test('have no proportion to nothing', () => {
    expect(moveTogether({ relu1_1: 0, relu2_1: 1 }, 'relu1_1', 1, 2)).toEqual({ relu1_1: 1, relu2_1: 1 });
  });
});

describe('curves', () => {
  test('lean towards fine strokes or large shapes, and are found again', () => {
    const fine = Object.values(curveWeights('fine', NAMES, 1));
    const bold = Object.values(curveWeights('bold', NAMES, 1));
    expect(fine).toEqual([1.5, 0.47, 0.15]);
    expect(bold).toEqual(fine.toReversed());
    for (const curve of CURVE_NAMES) {
      expect(curveOf(curveWeights(curve, NAMES, 0.2), NAMES, 0.2)).toBe(curve);
    }
    expect(curveOf({ relu1_1: 1, relu2_1: 1, relu3_1: 0.9 }, NAMES, 1)).toBeUndefined();
  });

  test('work for a single layer', () => {
    expect(curveWeights('balanced', ['relu1_1'], 1)).toEqual({ relu1_1: 1 });
    expect(curveWeights('fine', ['relu1_1'], 1)['relu1_1']).toBeGreaterThan(0);
  });
});

test('weights are the same only with the same layers', () => {
  expect(sameWeights({ a: 0.1 + 0.2 }, { a: 0.3 })).toBe(true);
  expect(sameWeights({ a: 1 }, { a: 1, b: 0 })).toBe(false);
  expect(sameWeights({ a: 1 }, { b: 1 })).toBe(false);
});

test('a level meter is full at first, and falls by a third with every decade', () => {
  expect(meterLevel(5, 5)).toBe(1);
  expect(meterLevel(0.5, 5)).toBeCloseTo(2 / 3);
  expect(meterLevel(9, 5)).toBe(1);
  expect(meterLevel(1e-9, 5)).toBe(0);
  expect(meterLevel(0, 5)).toBe(0);
  expect(meterLevel(1, 0)).toBe(0);
  expect(meterLevel(NaN, 1)).toBe(0);
});
