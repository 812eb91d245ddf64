import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveLanguage } from '../../../src/renderer/i18n/index.ts';
import { de, en } from '../../../src/renderer/i18n/resources.ts';

const ROOT = 'src/renderer';
/** i18next's suffixes for plurals; languages differ in which of them they need. */
const PLURAL = /_(zero|one|two|few|many|other)$/;

const flat = (value: object, prefix = ''): [string, string][] =>
  Object.entries(value).flatMap(([key, entry]: [string, unknown]) =>
    typeof entry === 'string' ? [[prefix + key, entry]] : flat(entry as object, `${prefix}${key}.`),
  );
const english = new Map(flat(en));
const german = new Map(flat(de));
const stems = (keys: Iterable<string>): string[] =>
  [...new Set([...keys].map((key) => key.replace(PLURAL, '')))].sort();
const placeholders = (text: string): string[] => [...text.matchAll(/\{\{(\w+)/g)].map(([, name]) => name!).sort();

describe('translations', () => {
  test('have the same keys in both languages', () => {
    expect(stems(german.keys())).toEqual(stems(english.keys()));
  });

  test('have every plural form of their language', () => {
    for (const [language, texts] of [
      ['en', english],
      ['de', german],
    ] as const) {
      const needed = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      for (const key of texts.keys()) {
        if (!PLURAL.test(key)) continue;
        const stem = key.replace(PLURAL, '');
        expect(needed.map((form) => texts.has(`${stem}_${form}`))).toEqual(needed.map(() => true));
      }
    }
  });

  test('fill in the same values', () => {
    for (const [key, text] of english) {
      // "One thing" needs no number.
      if (PLURAL.test(key)) continue;
      expect([key, placeholders(german.get(key)!)]).toEqual([key, placeholders(text)]);
    }
  });

  test('say something', () => {
    for (const [key, text] of [...english, ...german]) expect([key, text.trim()]).toEqual([key, text]);
    expect([...english, ...german].filter(([, text]) => text === '')).toEqual([]);
  });

  test('have all keys that the code asks for, and no others', () => {
    const code = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.tsx?$/.test(name))
      .map((name) => readFileSync(join(ROOT, name), 'utf8'))
      .join('\n');
    const known = new Set(stems(english.keys()));
    const asked = [...code.matchAll(/\bt\(\s*'([\w.]+)'/g)].map(([, key]) => key!);
    expect(asked.filter((key) => !known.has(key))).toEqual([]);

    // Keys are also put together (`studio.themes.${theme}`), or kept in tables.
    const families = [...code.matchAll(/`([\w.]+\.)\$\{/g)].map(([, start]) => start!);
    const unused = [...known].filter(
      (key) => !code.includes(`'${key}'`) && !families.some((start) => key.startsWith(start)),
    );
    expect(unused).toEqual([]);
  });
});

test("the system's first language that Madder speaks is spoken", () => {
  expect(resolveLanguage('system', ['fr-FR', 'de-AT', 'en'])).toBe('de');
  expect(resolveLanguage('system', ['ja'])).toBe('en');
  expect(resolveLanguage('en', ['de'])).toBe('en');
});
