#!/usr/bin/env node
/** `npm run web`: Madder in the browser, for this computer only. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { MadderError } from '../../../shared/errors.ts';
import { applicationVersion } from '../../services/resources.ts';
import { Studio } from '../../services/studio/studio.ts';
import { windowFolder } from '../window-files.ts';
import { watchIdle } from './idle.ts';
import { openBrowser } from './open-browser.ts';
import { WebServer } from './server.ts';

interface Options {
  readonly port: number;
  readonly idleMinutes?: number;
  readonly open: boolean;
  readonly data?: string;
}

const number = (least: number, most: number) => (text: string) => {
  const value = Number(text);
  if (!(value >= least && value <= most)) throw new InvalidArgumentError(`give a number from ${least} to ${most}.`);
  return value;
};

const command = new Command('madder-web')
  .description('Opens Madder in the browser. Only this computer can reach it, at the address that is printed.')
  .version(applicationVersion())
  .option('--port <number>', 'port to listen at; any that is free when not given', number(0, 65_535), 0)
  .option(
    '--idle-minutes <number>',
    'end after so many minutes without window and job; never when not given',
    number(0.01, 100_000),
  )
  .option('--no-open', 'only print the address')
  .option('--data <folder>', 'where library, history and settings are kept')
  .showHelpAfterError('(add --help to see what can be given)')
  .exitOverride();

const onDefect = (error: unknown): void => void process.stderr.write(`madder: ${described(error)}\n`);
const described = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

async function start({ port, idleMinutes, open, data }: Options): Promise<void> {
  const files = windowFolder();
  if (!existsSync(join(files, 'index.html'))) {
    throw new MadderError('runtime', 'The window has not been built yet; run npm run build.');
  }
  const program = await Studio.open({ shell: 'browser', ...(data === undefined ? {} : { folder: data }) });
  const server = await WebServer.start(program, { files, port, onDefect }).catch(async (error: unknown) => {
    await program.close();
    throw error;
  });
  process.stdout.write(`${server.address}\n`);
  if (open) openBrowser(server.address);

  let closing = false;
  const close = async () => {
    // Whoever asks twice does not want to wait.
    if (closing) process.exit(1);
    closing = true;
    stopWatching?.();
    await Promise.all([server.close(), program.close()]);
    process.exit(0);
  };
  const stopWatching =
    idleMinutes === undefined
      ? undefined
      : watchIdle({
          program,
          windows: () => server.windows,
          afterMs: idleMinutes * 60_000,
          onIdle: () => void close(),
        });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void close());
}

try {
  await start(command.parse().opts<Options>());
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    process.stderr.write(`madder: ${error instanceof MadderError ? error.message : described(error)}\n`);
    process.exitCode = 1;
  }
}
