import { Option, type Command } from 'commander';
import { MadderError } from '../../../shared/errors.ts';

/** What `recipeOptions` adds to a command's options. */
export interface RecipeOptions {
  preset?: string;
  recipe?: string;
  saveRecipe?: string;
  carryRecipe?: boolean;
}

/** `--no-recipe` is not the opposite of `--recipe FILE`: one is about what is written, the other about what is read. */
class NoRecipeOption extends Option {
  override attributeName(): string {
    return 'carryRecipe';
  }
}

/** Adds the options that start from a preset or a recipe, and that keep one. */
export const recipeOptions = (command: Command): Command =>
  command
    .option('--preset <name|file>', 'start from published settings; see "madder presets"')
    .option('--recipe <file>', 'repeat a recipe: a .json file, or a picture that carries one')
    .option('--save-recipe <file>', 'also write the recipe as .json')
    .addOption(new NoRecipeOption('--no-recipe', 'the picture does not carry its recipe'));

/** The options that a person gave, without the defaults. */
export const givenOptions = <T extends object>(command: Command, options: T): Partial<T> =>
  Object.fromEntries(
    Object.entries(options).filter(([name]) => command.getOptionValueSource(name) !== 'default'),
  ) as Partial<T>;

/** Refuses what contradicts itself. @throws MadderError */
export function checkRecipeOptions({ preset, recipe }: RecipeOptions): void {
  if (preset !== undefined && recipe !== undefined) {
    throw new MadderError('input', 'A recipe has all settings already; give either --recipe or --preset.');
  }
}
