import type { z } from 'zod';
import { MadderError } from './errors.ts';
import { RECIPE_VERSION, recipeSchema, type Recipe } from './recipe.ts';
import { problemWords } from './recipe-words.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * What turns version n into version n + 1, at index n. Append only: files of every version exist, and
 * test/fixtures/recipes holds one of each. A step takes nothing for granted but the version: what it does not
 * understand it hands on for the schema to refuse.
 */
const STEPS: readonly ((recipe: Fields) => Fields)[] = [
  // 0: before masks, the timeline and the short side.
  (recipe) => ({
    ...recipe,
    version: 1,
    masks: [],
    timeline: [],
    ...(isFields(recipe['schedule']) ? { schedule: { side: 'long', ...recipe['schedule'] } } : {}),
  }),
];

/**
 * A recipe of any version, as this program's.
 * @throws MadderError `input`, one sentence that names the field which cannot be used
 */
export const migrateRecipe = (value: unknown): Recipe =>
  migrate(value, { what: 'recipe', newest: RECIPE_VERSION, oldest: 0, steps: STEPS, schema: recipeSchema });

export interface Versioned<T> {
  /** What the value is called in sentences. */
  readonly what: 'recipe' | 'preset' | 'study record';
  readonly newest: number;
  /** The version that the first step starts from. */
  readonly oldest: number;
  readonly steps: readonly ((value: Fields) => Fields)[];
  readonly schema: z.ZodType<T>;
}

/** Brings a versioned value up to date, step by step, and checks it. */
export function migrate<T>(value: unknown, { what, newest, oldest, steps, schema }: Versioned<T>): T {
  const version = isFields(value) ? value['version'] : undefined;
  if (!isFields(value) || typeof version !== 'number' || !Number.isInteger(version) || version < oldest) {
    throw new MadderError('input', `This is not a ${what}: it does not say which version of ${what} it is.`);
  }
  if (version > newest) {
    throw new MadderError(
      'input',
      `This ${what} was written by a newer Madder (version ${version}; this one knows ${newest}); update Madder to use it.`,
    );
  }
  const current = steps.slice(version - oldest).reduce<Fields>((fields, step) => step(fields), value);
  const parsed = schema.safeParse(current, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new MadderError('input', `This ${what} cannot be used: ${problemWords(parsed.error)}.`);
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
