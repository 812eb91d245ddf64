import { describe, expect, it } from 'vitest';
import type { Picture } from '../../../../src/main/codec/picture.ts';
import {
  brightnessOf,
  powerSpectrum,
  radialProfile,
  spectrumPicture,
} from '../../../../src/main/engine/measures/spectrum.ts';
import { gaussian } from '../../../../src/main/engine/runs/random.ts';

/** A grey picture by its brightness. */
function grey(width: number, height: number, brightness: (x: number, y: number) => number): Picture {
  const plane = Float32Array.from({ length: width * height }, (_, i) => brightness(i % width, Math.floor(i / width)));
  return { width, height, data: Float32Array.from([...plane, ...plane, ...plane]) };
}

describe('powerSpectrum', () => {
  it('is the windowed Fourier transform, term by term', () => {
    const [width, height] = [7, 10];
    const next = gaussian(1);
    const data = Float64Array.from({ length: width * height }, next);
    const w = (i: number, n: number) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n);
    const weights = [...data.keys()].map((i) => w(i % width, width) * w(Math.floor(i / width), height));
    const total = weights.reduce((a, b) => a + b, 0);
    const mean = data.reduce((sum, v, i) => sum + v * weights[i]!, 0) / total;
    const squares = weights.reduce((a, b) => a + b * b, 0);
    const actual = powerSpectrum({ width, height, data });
    for (let v = 0; v < height; v++) {
      for (let u = 0; u < width; u++) {
        let [re, im] = [0, 0];
        data.forEach((value, i) => {
          const angle = -2 * Math.PI * ((u * (i % width)) / width + (v * Math.floor(i / width)) / height);
          re += weights[i]! * (value - mean) * Math.cos(angle);
          im += weights[i]! * (value - mean) * Math.sin(angle);
        });
        expect(actual[v * width + u]).toBeCloseTo((re * re + im * im) / squares, 10);
      }
    }
  });

  it('of white noise is its variance at every size, and of a wave is at its frequency', () => {
    for (const [width, height] of [
      [64, 64],
      [96, 130],
    ] as const) {
      const next = gaussian(7);
      const noise = { width, height, data: Float64Array.from({ length: width * height }, () => 0.3 * next()) };
      const power = powerSpectrum(noise);
      expect(power.reduce((a, b) => a + b, 0) / power.length / 0.09).toBeCloseTo(1, 1);
    }
    const wave = grey(64, 64, (x, y) => 0.5 + 0.25 * Math.cos((2 * Math.PI * (8 * x + 16 * y)) / 64));
    const power = powerSpectrum(brightnessOf(wave));
    expect(power.indexOf(Math.max(...power)) % (64 * 48)).toBe(16 * 64 + 8);
    // Hann's window spreads it by one place in both directions.
    expect(power[16 * 64 + 10]! / power[16 * 64 + 8]!).toBeLessThan(1e-10);
  });
});

describe('pictures and profiles of spectra', () => {
  it('show a fine pattern at the edge, frequency 0 in the middle, on one scale', () => {
    const checkered = (amplitude: number) =>
      spectrumPicture(grey(66, 80, (x, y) => 0.5 + amplitude * (-1) ** (x + y) + 0.01 * Math.sin(x * y)));
    const shown = checkered(0.1);
    expect([shown.width, shown.height, shown.data.length]).toEqual([66, 80, 3 * 66 * 80]);
    expect(shown.data.indexOf(Math.max(...shown.data))).toBe(0);
    expect(checkered(0.2).data[0]! - shown.data[0]!).toBeCloseTo(Math.log(4) / Math.log(1e8), 4);
    expect(shown.data[40 * 66 + 33]).toBeLessThan(0.1);
  });

  it('tell how power falls with frequency', () => {
    const noise = gaussian(3);
    const flat = radialProfile(grey(96, 64, () => 0.5 + 0.1 * noise()));
    const powers = flat.filter(({ frequency }) => frequency >= 0.1 && frequency <= 0.5).map(({ power }) => power);
    for (const power of powers) expect(power / 0.01).toBeCloseTo(1, -0.5);
    expect(flat.map(({ frequency }) => frequency)).toEqual([...flat.map(({ frequency }) => frequency)].sort());
    expect(flat.at(-1)!.frequency).toBeLessThanOrEqual(Math.SQRT1_2 + 1 / 64);
    const striped = radialProfile(grey(96, 64, (x) => 0.5 + 0.1 * Math.cos((2 * Math.PI * x) / 4)));
    const loudest = striped.reduce((a, b) => (b.power > a.power ? b : a));
    expect(loudest.frequency).toBeCloseTo(0.25, 2);
  });
});
