import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { applicationFolder } from './resources.ts';

const sample = z.object({ file: z.string(), title: z.string(), alt: z.string() });
const schema = z.object({ version: z.literal(1), photos: z.array(sample).min(1), paintings: z.array(sample).min(1) });

export interface Sample {
  readonly path: string;
  readonly title: string;
  /** What the picture shows, for screen readers. */
  readonly alt: string;
}

/** The sample pictures that come with Madder, made by its own script and free of anyone's rights. */
export async function samples(): Promise<{ photos: Sample[]; paintings: Sample[] }> {
  const folder = join(applicationFolder(), 'resources', 'samples');
  const { photos, paintings } = schema.parse(JSON.parse(await readFile(join(folder, 'samples.json'), 'utf8')));
  const located = (list: z.output<typeof sample>[]) =>
    list.map(({ file, ...rest }) => ({ path: join(folder, file), ...rest }));
  return { photos: located(photos), paintings: located(paintings) };
}
