import { describe, expect, it } from 'vitest';
import { hasFonts, rasterise } from '../../../../src/main/codec/rasterise.ts';
import { robustnessFigure } from '../../../../src/main/services/studies/figure.ts';
import { photosCsv, resultsOf, summaries, summaryCsv } from '../../../../src/main/services/studies/tables.ts';
import { measurementOf } from '../../../../src/shared/robustness.ts';
import { finishedRecord } from './study.ts';

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** The record as it is when the second network's last layer has not been reached. */
function unfinished() {
  const { finishedAt: _, ...record } = finishedRecord();
  return { ...record, measurements: record.measurements.slice(0, -2) };
}

describe('the tables of a record', () => {
  it('hold what can be computed again from the single distances', () => {
    const record = finishedRecord();
    const all = summaries(record);
    expect(all).toHaveLength(10);
    for (const summary of all) {
      const { robustness, noise, ratio } = summary;
      const own = measurementOf(record.measurements, summary);
      expect(robustness.value).toBeCloseTo(mean(own.attacked) / mean(own.pairs), 12);
      expect(noise.value).toBeCloseTo(mean(own.noise) / mean(own.pairs), 12);
      expect(ratio.value).toBeCloseTo(mean(own.attacked) / mean(own.noise), 12);
      expect(robustness.low).toBeLessThanOrEqual(robustness.value);
      expect(robustness.high).toBeGreaterThanOrEqual(robustness.value);
    }
  });

  it('leave out what is not complete', () => {
    expect(summaries(unfinished()).map((s) => s.layer)).not.toContain('relu3_x');
    expect(resultsOf(unfinished()).results).toHaveLength(8);
  });

  it('are CSV that keeps commas and quotes', () => {
    const lines = summaryCsv(finishedRecord()).trimEnd().split('\r\n');
    expect(lines).toHaveLength(11);
    expect(lines[0]).toMatch(
      /^network,layer,statistic,epsilon,size,photos,robustness,robustness_low,robustness_high,noise,/,
    );
    expect(lines[1]).toMatch(/^plain,relu1_1,features,0\.5,64,3,0\.\d+/);
    for (const line of lines) expect(line.split(',')).toHaveLength(21);
    const photos = photosCsv(finishedRecord()).trimEnd().split('\r\n');
    expect(photos).toHaveLength(1 + 10 * 3);
    expect(photos[1]).toContain(',"c, ""photo"".png",');
  });
});

describe('the figure of a record', () => {
  it('has a bar with its interval for every network, layer and statistic', () => {
    const svg = robustnessFigure(finishedRecord());
    expect(svg.match(/<title>/g)).toHaveLength(10);
    expect(svg).toContain('<title>plain relu1_1: ');
    expect(svg).toContain('Plain &amp; simple');
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('leaves a gap where nothing is complete', () => {
    expect(robustnessFigure(unfinished()).match(/<title>/g)).toHaveLength(8);
    const empty = robustnessFigure({ ...unfinished(), measurements: [] });
    expect(empty).not.toMatch(/<title>|NaN|undefined|Infinity/);
  });

  it('becomes pixels of its size, with its colours', async () => {
    const svg = robustnessFigure(finishedRecord());
    const [width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.slice(1).map(Number) as [number, number];
    const picture = await rasterise(svg, 2);
    expect([picture.width, picture.height]).toEqual([2 * width, 2 * height]);
    expect(picture.data[0]).toBe(1);
    const count = picture.width * picture.height;
    const blue = [0x00, 0x72, 0xb2].map((v) => v / 255);
    const isBlue = (i: number) => blue.every((v, c) => Math.abs(picture.data[c * count + i]! - v) < 0.01);
    expect(Array.from({ length: count }, (_, i) => i).filter(isBlue).length).toBeGreaterThan(1000);
    expect(typeof (await hasFonts())).toBe('boolean');
  });
});
