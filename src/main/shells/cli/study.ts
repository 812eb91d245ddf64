import { Command } from 'commander';
import { robustnessCommand } from './study-robustness.ts';

/** `madder study`: experiments with networks. */
export function studyCommand(): Command {
  const command = new Command('study')
    .description('measure what makes a network paint well')
    .addCommand(robustnessCommand());
  for (const subcommand of command.commands) subcommand.exitOverride();
  return command;
}
