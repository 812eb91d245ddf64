import { describe, expect, it } from 'vitest';
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16,
  toFloat32,
} from '../../../src/main/formats/half.ts';
import { intTensor } from '../../../src/shared/tensor.ts';

const everyPattern = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** The value of a float16 pattern by its definition. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 0x3ff;
  if (exponent === 31) return mantissa ? NaN : sign * Infinity;
  return exponent ? sign * (1 + mantissa / 1024) * 2 ** (exponent - 15) : sign * mantissa * 2 ** -24;
}

describe('float16', () => {
  it('decodes every bit pattern exactly', () => {
    const values = float16ToFloat32(everyPattern);
    expect(everyPattern.filter((bits) => !Object.is(values[bits], halfValue(bits)))).toHaveLength(0);
  });

  it('encodes every half value back to its bits', () => {
    const bits = float32ToFloat16(float16ToFloat32(everyPattern));
    const isKept = (pattern: number): boolean =>
      Number.isNaN(halfValue(pattern)) ? Number.isNaN(halfValue(bits[pattern]!)) : bits[pattern] === pattern;
    expect(everyPattern.filter((pattern) => !isKept(pattern))).toHaveLength(0);
  });

  it('rounds to nearest even between any two neighbours', () => {
    const wrong: number[] = [];
    for (let low = 0; low < 0x7bff; low++) {
      const [a, b] = [halfValue(low), halfValue(low + 1)];
      const middle = (a + b) / 2;
      const even = low & 1 ? low + 1 : low;
      const nudge = (b - a) / 64;
      const bits = float32ToFloat16(Float32Array.of(middle, middle - nudge, middle + nudge, -middle));
      if (bits.join() !== [even, low, low + 1, even | 0x8000].join()) wrong.push(low);
    }
    expect(wrong).toEqual([]);
    expect([...float32ToFloat16(Float32Array.of(65519, 65520, 1e30, -Infinity, 2 ** -25, 2 ** -26))]).toEqual([
      0x7bff, 0x7c00, 0x7c00, 0xfc00, 0, 0,
    ]);
  });
});

describe('bfloat16', () => {
  it('survives a round trip for every bit pattern', () => {
    const values = bfloat16ToFloat32(everyPattern);
    const bits = float32ToBfloat16(values);
    const decoded = bfloat16ToFloat32(bits);
    const isKept = (pattern: number): boolean =>
      Number.isNaN(values[pattern]) ? Number.isNaN(decoded[pattern]) : bits[pattern] === pattern;
    expect(everyPattern.filter((pattern) => !isKept(pattern))).toHaveLength(0);
  });

  it('rounds to nearest even', () => {
    expect([...float32ToBfloat16(Float32Array.of(1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1 + 2 ** -8 + 2 ** -20))]).toEqual([
      0x3f80, 0x3f80, 0x3f82, 0x3f81,
    ]);
  });
});

describe('toFloat32', () => {
  it('converts every float type and refuses integers', () => {
    expect(toFloat32({ type: 'float64', dims: [2], data: Float64Array.of(0.1, 2) }).data).toEqual(
      Float32Array.of(0.1, 2),
    );
    expect(toFloat32({ type: 'float16', dims: [1], data: Uint16Array.of(0x3c00) }).data).toEqual(Float32Array.of(1));
    expect(toFloat32({ type: 'bfloat16', dims: [1], data: Uint16Array.of(0x4000) }).data).toEqual(Float32Array.of(2));
    expect(() => toFloat32(intTensor([1]))).toThrow(TypeError);
  });
});
