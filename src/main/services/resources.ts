import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bundledModelsFolder } from '../engine/networks/load.ts';

/** The folder that holds models/, resources/ and package.json. */
export const applicationFolder = (): string => dirname(bundledModelsFolder());

/** Madder's version. */
export function applicationVersion(): string {
  const { version } = JSON.parse(readFileSync(join(applicationFolder(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
