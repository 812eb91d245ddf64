import type { Action } from './action.ts';
import { editActions } from './edit.ts';
import { maskActions } from './mask.ts';
import { programActions } from './program.ts';
import { runActions } from './run.ts';
import { viewActions } from './view.ts';

/** Everything a person can do. New actions go into the file of their group, and their words into `i18n/<language>/actions.json`. */
export const ACTIONS = { ...runActions, ...editActions, ...maskActions, ...viewActions, ...programActions };
export type ActionId = keyof typeof ACTIONS;
export const ACTION_IDS = Object.keys(ACTIONS) as ActionId[];

export const actionOf = (id: ActionId): Action => ACTIONS[id];
export const isActionId = (id: string): id is ActionId => Object.hasOwn(ACTIONS, id);
