import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CurveFile } from '../../../../../src/main/services/studies/pictures/curve-file.ts';
import type { CurvePoint } from '../../../../../src/shared/picture-studies.ts';

const points: CurvePoint[] = [
  [1, 0.1, 3],
  [2, 0.2, null],
  [3, 0.3, 1.5],
];

describe('the losses of a run that is going on', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'madder-curve-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('close the gap between a record and a later checkpoint', () => {
    const before = new CurveFile(folder);
    for (const point of points) before.append(point);
    expect(new CurveFile(folder).upTo(3, points.slice(0, 1))).toEqual(points);
  });

  it('end at the checkpoint, for good', () => {
    const file = new CurveFile(folder);
    for (const point of points) file.append(point);
    expect(file.upTo(2, [])).toEqual(points.slice(0, 2));
    file.append([3, 0.4, 1.4]);
    expect(new CurveFile(folder).upTo(9, [])).toEqual([...points.slice(0, 2), [3, 0.4, 1.4]]);
  });

  it('leave out a line that was cut off, and are the record where there is no file', async () => {
    const file = new CurveFile(folder);
    file.append(points[0]!);
    await appendFile(join(folder, 'curve.jsonl'), '[2,0.');
    expect(file.upTo(5, [])).toEqual(points.slice(0, 1));
    expect(new CurveFile(join(folder, 'missing')).upTo(2, points)).toEqual(points.slice(0, 2));
  });
});
