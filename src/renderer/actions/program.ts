import {
  Download,
  History,
  Keyboard,
  LayoutGrid,
  ListOrdered,
  Settings2,
  SunMoon,
  type LucideIcon,
} from 'lucide-react';
import type { DialogId } from '../stores/view.ts';
import { define, type Action } from './action.ts';

const open = (dialog: DialogId, icon: LucideIcon, shortcut: string, enabled?: Action['enabled']): Action => ({
  group: 'program',
  icon,
  shortcuts: [shortcut],
  ...(enabled ? { enabled } : {}),
  run: ({ view }) => view.setState({ dialog }),
});

/** Dark, light, as the system has it, and round again. */
const NEXT_THEME = { dark: 'light', light: 'system', system: 'dark' } as const;

export const programActions = define({
  openPresets: open('presets', LayoutGrid, 'Mod+Shift+S'),
  openHistory: open('history', History, 'Mod+Shift+H'),
  openQueue: open('queue', ListOrdered, 'Mod+J'),
  openExport: open('export', Download, 'Mod+E', ({ session }) => session.getState().results.length > 0),
  openPreferences: open('preferences', Settings2, 'Mod+Comma'),
  openShortcuts: open('shortcuts', Keyboard, 'Question'),
  switchTheme: {
    group: 'program',
    icon: SunMoon,
    run: ({ session, prefer }) => prefer({ theme: NEXT_THEME[session.getState().preferences.theme] }),
  },
});
