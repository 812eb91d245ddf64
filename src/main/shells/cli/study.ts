import { Command } from 'commander';
import { artifactsCommand } from './study-artifacts.ts';
import { featuresCommand } from './study-features.ts';
import { pictureCommands } from './study-pictures.ts';
import { robustnessCommand } from './study-robustness.ts';

/** `madder study`: experiments with networks. */
export function studyCommand(): Command {
  const command = new Command('study')
    .description('try out and measure what makes a network paint well')
    .addCommand(robustnessCommand())
    .addCommand(artifactsCommand())
    .addCommand(featuresCommand());
  for (const subcommand of pictureCommands()) command.addCommand(subcommand);
  for (const subcommand of command.commands) subcommand.exitOverride();
  return command;
}
