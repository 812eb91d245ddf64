import type { LucideIcon } from 'lucide-react';
import type { Program } from '../app/program.ts';

/** Where an action stands in lists of shortcuts. */
export const ACTION_GROUPS = ['run', 'picture', 'edit', 'mask', 'view', 'program'] as const;
export type ActionGroup = (typeof ACTION_GROUPS)[number];

/**
 * Something a person can do, once for all: buttons, menus, shortcuts, their list and the system's menu come from it. Its
 * words are `actions.<id>` of the translations.
 */
export interface Action {
  readonly group: ActionGroup;
  readonly icon: LucideIcon;
  /** Like `Mod+Shift+Z`; Mod is Command on a Mac and Control elsewhere. The first one is shown. See shortcuts.ts. */
  readonly shortcuts?: readonly string[];
  /** A shortcut that the browser answers by itself, to be shown where there is none of ours. */
  readonly browserShortcut?: string;
  /** It is of use in the laboratory too; everything else is the studio's. */
  readonly everywhere?: boolean;
  /** It is of use only while a mask is painted; there its keys go before those of everything else. */
  readonly masking?: boolean;
  /** Whether it can be done now. It reads the stores, so that whoever asks must subscribe to them: `useAction`. */
  readonly enabled?: (program: Program) => boolean;
  /** Of things that are on or off. */
  readonly active?: (program: Program) => boolean;
  readonly run: (program: Program) => void;
  /** Of things that last as long as a key is held: called when it is let go. */
  readonly release?: (program: Program) => void;
}

export const define = <K extends string>(actions: Record<K, Action>): Readonly<Record<K, Action>> => actions;

/** The shortcuts that people are told of. */
export const shownShortcuts = ({ shortcuts = [], browserShortcut }: Action): readonly string[] =>
  browserShortcut === undefined ? shortcuts : [...shortcuts, browserShortcut];
