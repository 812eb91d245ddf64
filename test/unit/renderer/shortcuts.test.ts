import { describe, expect, test } from 'vitest';
import { ACTION_IDS, actionOf } from '../../../src/renderer/actions/index.ts';
import {
  formatShortcut,
  isSingleKey,
  matches,
  parseShortcut,
  type KeyPress,
} from '../../../src/renderer/actions/shortcuts.ts';

const press = (key: string, change: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : /^\d$/.test(key) ? `Digit${key}` : key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...change,
});
const shortcutsOf = (masking: boolean) =>
  ACTION_IDS.filter((id) => (actionOf(id).masking ?? false) === masking).flatMap((id) =>
    (actionOf(id).shortcuts ?? []).map((text) => ({ id, text })),
  );
/** Those that are of use only while a mask is painted have their keys before the others then. */
const kinds = [shortcutsOf(false), shortcutsOf(true)];
const all = kinds.flat();

describe('shortcuts', () => {
  test('of different actions are different', () => {
    for (const kind of kinds) {
      const seen = new Map<string, string[]>();
      for (const { id, text } of kind) seen.set(text, [...(seen.get(text) ?? []), id]);
      expect([...seen].filter(([, ids]) => ids.length > 1)).toEqual([]);
    }
  });

  test('answer to their own keys only', () => {
    const symbols: Record<string, string> = {
      ...{ Plus: '+', Minus: '-', Question: '?', Comma: ',', Period: '.' },
      ...{ BracketLeft: '[', BracketRight: ']' },
    };
    for (const kind of kinds) {
      for (const { text } of kind) {
        const { mod, shift, alt, key } = parseShortcut(text);
        const event = press(symbols[key] ?? key, { ctrlKey: mod, shiftKey: shift, altKey: alt });
        const answering = kind.filter((other) => matches(parseShortcut(other.text), event, false));
        expect(answering.map((other) => other.text)).toEqual([text]);
      }
    }
  });

  test('leave the keys alone that move the focus and press buttons', () => {
    for (const { text } of all) expect(['Tab', 'Space', 'Escape']).not.toContain(parseShortcut(text).key);
  });

  test('take Command on a Mac, and Control elsewhere', () => {
    const undo = parseShortcut('Mod+Z');
    expect(matches(undo, press('z', { metaKey: true }), true)).toBe(true);
    expect(matches(undo, press('z', { ctrlKey: true }), true)).toBe(false);
    expect(matches(undo, press('z', { ctrlKey: true }), false)).toBe(true);
    expect(matches(undo, press('Z', { ctrlKey: true, shiftKey: true }), false)).toBe(false);
  });

  test('go by the letter, and by the place of the key where no Latin letters are written', () => {
    const undo = parseShortcut('Mod+Z');
    expect(matches(undo, press('z', { code: 'KeyY', ctrlKey: true }), false)).toBe(true);
    expect(matches(undo, press('я', { code: 'KeyZ', ctrlKey: true }), false)).toBe(true);
  });

  test('are single keys without Control or Alt', () => {
    expect(['H', '4', 'Mod+Z', 'Question'].map((text) => isSingleKey(parseShortcut(text)))).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  test('are written as on the keys', () => {
    const names = { ctrl: 'Strg', shift: 'Umschalt', alt: 'Alt' };
    expect(formatShortcut(parseShortcut('Mod+Shift+Z'), false, names)).toBe('Strg+Umschalt+Z');
    expect(formatShortcut(parseShortcut('Mod+Shift+Z'), true, names)).toBe('⇧⌘Z');
  });
});
