/** The desktop application's first module. */
import { forkThrough } from '../../services/engines.ts';
import { usePortableCodec } from './codec.ts';
import { startDesktop } from './desktop.ts';
import { forkUtility } from './fork-utility.ts';

const onDefect = (error: unknown): void =>
  void process.stderr.write(`madder: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);

// Electron waits for no promise of its first module: all of this happens before it is ready.
usePortableCodec();
forkThrough(forkUtility);
startDesktop({
  onDefect,
  openProgram: async (desktop) => {
    // Only now: it loads the codec.
    const { Studio } = await import('../../services/studio/studio.ts');
    return Studio.open({ shell: 'desktop', desktop });
  },
});
