import type { Program } from '../app/program.ts';
import { ACTION_IDS, actionOf, type ActionId } from './index.ts';
import { isSingleKey, matches, parseShortcut, type Shortcut } from './shortcuts.ts';

interface Entry {
  readonly id: ActionId;
  readonly shortcut: Shortcut;
}
const entries = (masking: boolean): Entry[] =>
  ACTION_IDS.filter((id) => (actionOf(id).masking ?? false) === masking).flatMap((id) =>
    (actionOf(id).shortcuts ?? []).map((text) => ({ id, shortcut: parseShortcut(text) })),
  );
/** Those of a mask first: while one is painted, they have their keys before everything else. */
const TABLE: readonly Entry[] = [...entries(true), ...entries(false)];

/** What a text field does with Control or Command itself. */
const EDITING = new Set(['A', 'C', 'V', 'X', 'Y', 'Z']);
/** Where letters and digits have a meaning of their own. */
const TYPING = 'input, textarea, select, [contenteditable], [role="listbox"], [role="menu"]';

const isTyping = (target: EventTarget | null): boolean => target instanceof Element && target.closest(TYPING) !== null;

/** The one place that listens for shortcuts. */
export function listenForShortcuts(program: Program): () => void {
  const mac = /mac/i.test(navigator.platform);
  let held: { readonly id: ActionId; readonly code: string } | undefined;

  const release = (): void => {
    if (!held) return;
    actionOf(held.id).release?.(program);
    held = undefined;
  };
  const down = (event: KeyboardEvent): void => {
    // A dialog is a world of its own.
    const { dialog, screen, masking } = program.view.getState();
    if (event.defaultPrevented || dialog !== null) return;
    const typing = isTyping(event.target);
    const { singleKeyShortcuts } = program.session.getState().preferences;
    const found = TABLE.find(({ id, shortcut }) => {
      if (screen === 'laboratory' && !actionOf(id).everywhere) return false;
      if (actionOf(id).masking && !masking) return false;
      if (isSingleKey(shortcut) && (typing || !singleKeyShortcuts)) return false;
      if (typing && EDITING.has(shortcut.key)) return false;
      return matches(shortcut, event, mac);
    });
    if (!found) return;
    event.preventDefault();
    const action = actionOf(found.id);
    if (action.release && (event.repeat || held)) return;
    if (!(action.enabled?.(program) ?? true)) return;
    action.run(program);
    if (action.release) held = { id: found.id, code: event.code };
  };
  const up = (event: KeyboardEvent): void => {
    if (event.code === held?.code) release();
  };
  window.addEventListener('keydown', down);
  window.addEventListener('keyup', up);
  window.addEventListener('blur', release);
  return () => {
    window.removeEventListener('keydown', down);
    window.removeEventListener('keyup', up);
    window.removeEventListener('blur', release);
  };
}
