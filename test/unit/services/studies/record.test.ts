import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecord, readRecordOf, writeRecord } from '../../../../src/main/services/studies/record.ts';
import { largestDifference, repeatOf } from '../../../../src/main/services/studies/robustness.ts';
import { finishedRecord } from './study.ts';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'madder-record-'))));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the record of a study', () => {
  it('comes back from its file, which is written whole', async () => {
    const path = join(folder, 'record.json');
    await writeRecord(path, finishedRecord());
    await writeRecord(path, finishedRecord());
    expect(await readRecord(path)).toEqual(finishedRecord());
    expect(readdirSync(folder)).toEqual(['record.json']);
  });

  it('is read as version 1 wrote it', async () => {
    const path = fileURLToPath(new URL('../../../fixtures/studies/robustness-version-1.json', import.meta.url));
    const record = await readRecordOf(path, 'robustness');
    expect(record).toMatchObject({ version: 1, kind: 'robustness' });
    expect(record.measurements).toHaveLength(2);
  });

  it('of pictures is read as version 1 wrote it', async () => {
    const path = fileURLToPath(new URL('../../../fixtures/studies/compare-version-1.json', import.meta.url));
    const record = await readRecordOf(path, 'compare', 'grid');
    expect(record).toMatchObject({ version: 1, kind: 'compare' });
    expect(record.cells.map(({ elsewhere, judged }) => [elsewhere?.length, judged !== undefined])).toEqual([
      [2, true],
      [2, true],
    ]);
    await expect(readRecordOf(path, 'robustness')).rejects.toThrow(/use it with: madder study compare/);
  });

  const changed = (change: (record: Record<string, unknown>) => void): string => {
    const record = structuredClone(finishedRecord()) as unknown as Record<string, unknown>;
    change(record);
    const path = join(folder, 'changed.json');
    writeFileSync(path, JSON.stringify(record));
    return path;
  };

  it.each([
    ['of a newer version', (r: Record<string, unknown>) => (r['version'] = 2), /newer Madder/],
    ['of no version', (r: Record<string, unknown>) => delete r['version'], /not a study record/],
    ['of another kind', (r: Record<string, unknown>) => (r['kind'] = 'dreams'), /cannot be used/],
    ['with more than its version knows', (r: Record<string, unknown>) => (r['extra'] = 1), /cannot be used/],
    ['without all its photos', (r: Record<string, unknown>) => (r['photos'] as unknown[]).pop(), /cannot be used/],
  ])('is refused %s', async (_, change, words) => {
    await expect(readRecord(changed(change))).rejects.toThrow(words);
  });

  it('is refused where it is no file and where it is no JSON', async () => {
    await expect(readRecord(join(folder, 'missing.json'))).rejects.toThrow(/could not be read/);
    writeFileSync(join(folder, 'broken.json'), '{');
    await expect(readRecord(join(folder, 'broken.json'))).rejects.toThrow(/not JSON/);
  });

  it('says where it could not be kept', async () => {
    await expect(writeRecord(join(folder, 'none', 'record.json'), finishedRecord())).rejects.toThrow(
      /could not be kept in .*none \(ENOENT\)/,
    );
  });

  it('is repeated with nothing measured, and held against the repetition', () => {
    const record = finishedRecord();
    const repeated = repeatOf(record);
    expect(repeated.measurements).toEqual([]);
    expect(repeated).not.toHaveProperty('finishedAt');
    expect({ ...repeated.settings }).toEqual(record.settings);
    expect(largestDifference(record, repeated)).toBe(Infinity);
    expect(largestDifference(record, finishedRecord())).toBe(0);
    const [first, ...others] = record.measurements;
    const nearly = { ...first!, attacked: first!.attacked.map((v) => v * 1.01) };
    expect(largestDifference(record, { ...record, measurements: [nearly, ...others] })).toBeCloseTo(0.01, 3);
  });
});
