#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { applicationVersion } from '../../services/resources.ts';
import { demoCommand } from './demo.ts';
import { devicesCommand } from './devices.ts';
import { networksCommand } from './networks.ts';
import { report } from './output.ts';
import { presetsCommand } from './presets.ts';
import { studyCommand } from './study.ts';
import { stylizeCommand } from './stylize.ts';

const program = new Command('madder')
  .description('Turns photos into paintings, with any convolutional network as the eye that judges the picture.')
  .version(applicationVersion())
  .addCommand(stylizeCommand())
  .addCommand(networksCommand())
  .addCommand(presetsCommand())
  .addCommand(devicesCommand())
  .addCommand(studyCommand())
  .addCommand(demoCommand())
  .showHelpAfterError('(add --help to see what can be given)')
  .exitOverride();
for (const command of program.commands) command.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own sentence (and exits with 0 after --help); everything else is ours to report.
  process.exitCode = error instanceof CommanderError ? error.exitCode : report(error, process.argv.includes('--json'));
}
