import {
  Download,
  FlaskConical,
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

const open = (dialog: DialogId, icon: LucideIcon, shortcut: string, rest: Partial<Action> = {}): Action => ({
  group: 'program',
  icon,
  shortcuts: [shortcut],
  ...rest,
  run: ({ view }) => view.setState({ dialog }),
});

/** Dark, light, as the system has it, and round again. */
const NEXT_THEME = { dark: 'light', light: 'system', system: 'dark' } as const;

export const programActions = define({
  openPresets: open('presets', LayoutGrid, 'Mod+Shift+S'),
  openHistory: open('history', History, 'Mod+Shift+H'),
  openQueue: open('queue', ListOrdered, 'Mod+J'),
  openExport: open('export', Download, 'Mod+E', {
    enabled: ({ session }) => session.getState().results.length > 0,
  }),
  openPreferences: open('preferences', Settings2, 'Mod+Comma', { everywhere: true }),
  openShortcuts: open('shortcuts', Keyboard, 'Question', { everywhere: true }),
  switchScreen: {
    group: 'program',
    icon: FlaskConical,
    shortcuts: ['Mod+Shift+L'],
    everywhere: true,
    active: ({ view }) => view.getState().screen === 'laboratory',
    run: ({ view }) => view.setState(({ screen }) => ({ screen: screen === 'studio' ? 'laboratory' : 'studio' })),
  },
  switchTheme: {
    group: 'program',
    everywhere: true,
    icon: SunMoon,
    run: ({ session, prefer }) => prefer({ theme: NEXT_THEME[session.getState().preferences.theme] }),
  },
});
