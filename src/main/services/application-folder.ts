import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** The folder that a platform has for Madder's data. It need not exist. */
export function applicationFolder(env: NodeJS.ProcessEnv, platform: string): string {
  const fromEnvironment = (name: string): string | undefined => {
    const folder = env[name];
    // The XDG specification has relative paths ignored.
    return folder !== undefined && isAbsolute(folder) ? folder : undefined;
  };
  switch (platform) {
    case 'win32':
      return join(fromEnvironment('APPDATA') ?? join(homedir(), 'AppData', 'Roaming'), 'Madder');
    case 'darwin':
      return join(homedir(), 'Library', 'Application Support', 'Madder');
    default:
      return join(fromEnvironment('XDG_DATA_HOME') ?? join(homedir(), '.local', 'share'), 'madder');
  }
}
