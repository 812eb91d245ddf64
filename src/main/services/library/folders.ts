import { join, resolve } from 'node:path';
import { bundledModelsFolder } from '../../engine/networks/load.ts';
import { applicationFolder } from '../application-folder.ts';

/**
 * The folder of the networks that a person added: what MADDER_LIBRARY names, or else `networks` in the folder that the
 * platform has for an application's data. It need not exist.
 */
export function libraryFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  const chosen = env['MADDER_LIBRARY'];
  if (chosen) return resolve(chosen);
  return join(applicationFolder(env, platform), 'networks');
}

/** Where networks are looked for; of equal ids the first counts, so that nothing replaces what Madder came with. */
export const modelsFolders = (): string[] => [bundledModelsFolder(), libraryFolder()];
