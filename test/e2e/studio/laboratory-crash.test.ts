/** A study whose program is killed in the middle ends with what it would have found without that. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PictureRecord } from '../../../src/main/services/studies/record.ts';
import type { StudyEntry } from '../../../src/shared/studio/studies.ts';
import { Laboratory } from './pages/laboratory.ts';
import { BrowserProgram, missing } from './pages/shells.ts';
import { Studio } from './pages/studio.ts';
import { until } from './pages/wait.ts';

/** ms for a study that takes a minute at most, on a computer that is busy with other things. */
const STUDYING = 600_000;
const PATIENT = 2 * STUDYING;

describe.skipIf(missing('browser'))('a study whose program is killed', () => {
  let studio: Studio<BrowserProgram>;
  let laboratory: Laboratory;
  let study: StudyEntry;

  beforeAll(async () => {
    studio = new Studio(await BrowserProgram.launch());
    await studio.isReady();
    laboratory = new Laboratory(studio);
    const { preferences } = await studio.snapshot();
    // Sums are added up in one order only then.
    await studio.program.ask('savePreferences', { preferences: { ...preferences, device: 'cpu', threads: 1 } });
  });
  afterAll(() => studio?.close());

  const folder = (): string => join(studio.program.data, 'studies', study.id);
  const finished = (id: string): Promise<unknown> =>
    until(
      'it is finished',
      () => laboratory.study(id),
      (one) => one?.state === 'finished',
      { timeout: STUDYING },
    );
  const pictures = async (id: string): Promise<string[]> => {
    const { sheet } = await studio.program.ask('openStudy', { study: id });
    return sheet!.cells.flatMap(({ picture }) => picture ?? []);
  };

  it(
    'is found as it was',
    async () => {
      const { samples } = await studio.snapshot();
      const sample = (wanted: string): string => samples.find(({ kind }) => kind === wanted)!.picture.sha256;
      const { study: id } = await studio.program.ask('startStudy', {
        request: {
          ...{ kind: 'grid', title: 'A study to be killed', network: 'madder-vgg' },
          ...{ photo: sample('photo'), styles: [{ picture: sample('painting'), weight: 1, scale: 1 }] },
          settings: { size: 96, iterations: 300 },
          axes: [{ parameter: 'style', values: [0.1, 10] }],
        },
      });
      study = (await laboratory.study(id))!;
      const checkpoint = join(folder(), 'runs/2/checkpoint.safetensors');
      // Checkpoints come every few seconds: each picture takes longer than that.
      // The record follows its checkpoint a moment later; the losses until then are in it, and nowhere else.
      const both = async (): Promise<boolean> => {
        const { runs } = JSON.parse(await readFile(join(folder(), 'record.json'), 'utf8')) as PictureRecord;
        return existsSync(checkpoint) && runs[1]!.curve.length > 0 && (await pictures(id)).length === 1;
      };
      await until('the second picture is being painted', both, Boolean, { timeout: STUDYING });
      await studio.program.kill();
      await studio.program.restart();
      await studio.isReady();
      expect(await laboratory.study(id)).toMatchObject({ title: study.title, state: 'unfinished' });
      expect(await pictures(id)).toHaveLength(1);
      expect(existsSync(checkpoint)).toBe(true);
    },
    PATIENT,
  );

  it(
    'goes on, and ends with all pictures and the numbers of one that was never interrupted',
    async () => {
      await laboratory.go('Laboratory');
      await laboratory.open(study.title);
      await laboratory.main.getByRole('button', { name: 'Go on' }).click();
      await finished(study.id);
      await expect.poll(() => laboratory.pictures.count()).toBe(2);
      const { study: whole } = await studio.program.ask('repeatStudy', { study: study.id });
      await finished(whole);
      const { sheet, repeats } = await studio.program.ask('openStudy', { study: whole });
      const interrupted = (await studio.program.ask('openStudy', { study: study.id })).sheet!;
      expect(interrupted.cells.map(({ loss }) => loss)).toEqual(sheet!.cells.map(({ loss }) => loss));
      // Every evaluation of every picture.
      expect(repeats).toMatchObject({ state: 'compared', difference: 0 });
      for (const name of ['1.png', '2.png']) {
        const [one, other] = [study.id, whole].map((id) => join(studio.program.data, 'studies', id, 'pictures', name));
        expect(await readFile(one!)).toEqual(await readFile(other!));
      }
    },
    PATIENT,
  );
});
