/** The system's menu. Its commands are the window's actions, by their names. */
import type { MenuItemConstructorOptions } from 'electron';
import type { Words } from './words.ts';

export interface MenuOptions {
  readonly words: Words;
  readonly mac: boolean;
  /** Tells the window to do an action. */
  readonly command: (action: string) => void;
  readonly openPictures: () => void;
  readonly developer: boolean;
}

export function menuTemplate({
  words,
  mac,
  command,
  openPictures,
  developer,
}: MenuOptions): MenuItemConstructorOptions[] {
  // The window listens for shortcuts itself: the menu shows them and does not take them.
  const action = (id: keyof Words, accelerator?: string): MenuItemConstructorOptions => ({
    id,
    label: words[id],
    click: () => command(id),
    ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: false }),
  });
  const separator: MenuItemConstructorOptions = { type: 'separator' };
  const preferences = action('openPreferences', 'CmdOrCtrl+,');
  const recent: MenuItemConstructorOptions = {
    label: words.openRecent,
    role: 'recentDocuments',
    submenu: [{ label: words.clearRecent, role: 'clearRecentDocuments' }],
  };
  return [
    ...(mac
      ? [
          {
            role: 'appMenu' as const,
            submenu: [
              { role: 'about' as const },
              separator,
              preferences,
              separator,
              { role: 'services' as const },
              separator,
              { role: 'hide' as const },
              { role: 'hideOthers' as const },
              { role: 'unhide' as const },
              separator,
              { role: 'quit' as const },
            ],
          },
        ]
      : []),
    {
      label: words.file,
      submenu: [
        { id: 'open', label: words.open, click: openPictures },
        ...(mac ? [recent] : []),
        action('openPhoto', 'CmdOrCtrl+O'),
        action('addStyle', 'CmdOrCtrl+Shift+O'),
        separator,
        action('openExport', 'CmdOrCtrl+E'),
        separator,
        ...(mac ? [{ role: 'close' as const }] : [preferences, separator, { role: 'quit' as const }]),
      ],
    },
    {
      label: words.edit,
      submenu: [
        action('undo', 'CmdOrCtrl+Z'),
        action('redo', 'CmdOrCtrl+Shift+Z'),
        separator,
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: words.run,
      submenu: [
        action('start', 'CmdOrCtrl+Enter'),
        action('pause', 'CmdOrCtrl+P'),
        action('resume', 'CmdOrCtrl+Shift+P'),
        action('stop', 'CmdOrCtrl+.'),
        action('cancel'),
      ],
    },
    {
      label: words.view,
      submenu: [
        action('switchScreen', 'CmdOrCtrl+Shift+L'),
        separator,
        action('openPresets', 'CmdOrCtrl+Shift+S'),
        action('openHistory', 'CmdOrCtrl+H'),
        action('openQueue', 'CmdOrCtrl+J'),
        action('switchTheme'),
        separator,
        { role: 'togglefullscreen' },
        ...(developer ? [{ role: 'reload' as const }, { role: 'toggleDevTools' as const }] : []),
      ],
    },
    { role: 'windowMenu', label: words.window },
    {
      role: 'help',
      label: words.help,
      submenu: [action('openShortcuts')],
    },
  ];
}
