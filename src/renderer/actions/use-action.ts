import type { LucideIcon } from 'lucide-react';
import { useCallback, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { useProgram, type Program } from '../app/program.ts';
import { ariaShortcut, formatShortcut, parseShortcut } from './shortcuts.ts';
import { shownShortcuts } from './action.ts';
import { actionOf, type ActionId } from './index.ts';

/** An action as a button, a menu entry or a line of a list needs it. */
export interface UsableAction {
  readonly id: ActionId;
  readonly icon: LucideIcon;
  readonly label: string;
  /** As printed on keys. */
  readonly shortcut: string | undefined;
  readonly ariaShortcut: string | undefined;
  readonly enabled: boolean;
  /** Undefined for what is not on or off. */
  readonly active: boolean | undefined;
  readonly run: () => void;
  readonly release: (() => void) | undefined;
}

export function useAction(id: ActionId): UsableAction {
  const program = useProgram();
  const { t } = useTranslation();
  const mac = useMac();
  const action = actionOf(id);
  const { icon, release } = action;
  const enabled = useAnyStore(() => action.enabled?.(program) ?? true);
  const active = useAnyStore(() => action.active?.(program));
  const [text] = shownShortcuts(action);
  const shortcut = text === undefined ? undefined : parseShortcut(text);
  const names = { ctrl: t('keys.ctrl'), shift: t('keys.shift'), alt: t('keys.alt') };
  return {
    id,
    icon,
    label: t(`actions.${id}`),
    shortcut: shortcut && formatShortcut(shortcut, mac, names),
    ariaShortcut: shortcut && ariaShortcut(shortcut, mac),
    enabled,
    active,
    run: () => runAction(program, id),
    release: release && (() => release(program)),
  };
}

/** Does it, if it can be done now. */
export function runAction(program: Program, id: ActionId): void {
  const action = actionOf(id);
  if (action.enabled?.(program) ?? true) action.run(program);
}

/** Of the keyboard in front of the person, which the browser shell may show on another computer than its own. */
export const useMac = (): boolean => /mac/i.test(navigator.platform);

/** A value that is derived from any of the stores; it must be a plain one, compared by identity. */
function useAnyStore<T>(read: () => T): T {
  const { documents, session, view } = useProgram();
  const subscribe = useCallback(
    (changed: () => void) => {
      const ends = [
        documents.subscribe(changed),
        documents.history.subscribe(changed),
        session.subscribe(changed),
        view.subscribe(changed),
      ];
      return () => ends.forEach((end) => end());
    },
    [documents, session, view],
  );
  return useSyncExternalStore(subscribe, read);
}
