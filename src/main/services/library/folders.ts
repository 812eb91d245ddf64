import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { bundledModelsFolder } from '../../engine/networks/load.ts';

/**
 * The folder of the networks that a person added: what MADDER_LIBRARY names, or else `networks` in the folder that the
 * platform has for an application's data. It need not exist.
 */
export function libraryFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  const chosen = env['MADDER_LIBRARY'];
  if (chosen) return resolve(chosen);
  const fromEnvironment = (name: string): string | undefined => {
    const folder = env[name];
    // The XDG specification has relative paths ignored.
    return folder !== undefined && isAbsolute(folder) ? folder : undefined;
  };
  switch (platform) {
    case 'win32':
      return join(fromEnvironment('APPDATA') ?? join(homedir(), 'AppData', 'Roaming'), 'Madder', 'networks');
    case 'darwin':
      return join(homedir(), 'Library', 'Application Support', 'Madder', 'networks');
    default:
      return join(fromEnvironment('XDG_DATA_HOME') ?? join(homedir(), '.local', 'share'), 'madder', 'networks');
  }
}

/** Where networks are looked for; of equal ids the first counts, so that nothing replaces what Madder came with. */
export const modelsFolders = (): string[] => [bundledModelsFolder(), libraryFolder()];
