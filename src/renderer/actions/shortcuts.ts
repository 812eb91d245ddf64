/** Shortcuts as text, `Mod+Shift+Z`: modifiers, then a key: a letter, a digit, `Plus`, `Minus`, or a key's DOM name. */

export interface Shortcut {
  readonly mod: boolean;
  readonly shift: boolean;
  readonly alt: boolean;
  readonly key: string;
}

/** As far as shortcuts need to know of a keyboard event. */
export type KeyPress = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>;

export function parseShortcut(text: string): Shortcut {
  const parts = text.split('+');
  const key = parts.pop()!;
  return { mod: parts.includes('Mod'), shift: parts.includes('Shift'), alt: parts.includes('Alt'), key };
}

/** Without Control, Command or Alt: what a person may switch off, since dictation and a resting hand press them too. */
export const isSingleKey = ({ mod, alt }: Shortcut): boolean => !mod && !alt;

/** Symbols need Shift on some keyboards and not on others, so that it does not count for them. */
const SYMBOLS: Readonly<Record<string, readonly string[]>> = {
  Plus: ['+', '='],
  Minus: ['-', '_'],
  Question: ['?'],
  Comma: [','],
  Period: ['.'],
  BracketLeft: ['['],
  BracketRight: [']'],
};

export function matches(shortcut: Shortcut, press: KeyPress, mac: boolean): boolean {
  const mod = mac ? press.metaKey : press.ctrlKey;
  const other = mac ? press.ctrlKey : press.metaKey;
  if (mod !== shortcut.mod || other || press.altKey !== shortcut.alt) return false;
  const symbols = SYMBOLS[shortcut.key];
  if (symbols) return symbols.includes(press.key);
  if (press.shiftKey !== shortcut.shift) return false;
  if (/^\d$/.test(shortcut.key)) return press.code === `Digit${shortcut.key}` || press.code === `Numpad${shortcut.key}`;
  if (/^[A-Z]$/.test(shortcut.key)) {
    // Where the keyboard writes no Latin letters, the place of the key counts.
    return /^[a-z]$/i.test(press.key) ? press.key.toUpperCase() === shortcut.key : press.code === `Key${shortcut.key}`;
  }
  return press.key === shortcut.key;
}

export interface KeyNames {
  readonly ctrl: string;
  readonly shift: string;
  readonly alt: string;
}

const GLYPHS: Readonly<Record<string, string>> = {
  Plus: '+',
  Minus: '−',
  Question: '?',
  Comma: ',',
  Period: '.',
  BracketLeft: '[',
  BracketRight: ']',
};

/** As it is printed on keys: `Ctrl+Shift+Z`, or `⇧⌘Z` on a Mac. */
export function formatShortcut({ mod, shift, alt, key }: Shortcut, mac: boolean, names: KeyNames): string {
  const name = GLYPHS[key] ?? key;
  if (mac) return `${alt ? '⌥' : ''}${shift ? '⇧' : ''}${mod ? '⌘' : ''}${name}`;
  return [...(mod ? [names.ctrl] : []), ...(alt ? [names.alt] : []), ...(shift ? [names.shift] : []), name].join('+');
}

/** As `aria-keyshortcuts` wants it. */
export const ariaShortcut = ({ mod, shift, alt, key }: Shortcut, mac: boolean): string =>
  [
    ...(mod ? [mac ? 'Meta' : 'Control'] : []),
    ...(alt ? ['Alt'] : []),
    ...(shift ? ['Shift'] : []),
    GLYPHS[key] ?? key,
  ].join('+');
