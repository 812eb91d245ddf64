import { ClipboardPaste, ImagePlus, Palette, Redo2, Undo2 } from 'lucide-react';
import { pasteFiles } from '../features/intake/paste.ts';
import { chooseFiles } from '../features/intake/choose.ts';
import { deskOf } from '../features/masks/desk.ts';
import { define } from './action.ts';

export const editActions = define({
  undo: {
    group: 'edit',
    icon: Undo2,
    shortcuts: ['Mod+Z'],
    enabled: (program) => program.documents.history.getState().pastStates.length > 0 || deskOf(program).drawing,
    run: (program) => {
      // A stroke that is still drawn is what was done last.
      if (!deskOf(program).cancel()) program.documents.undo();
    },
  },
  redo: {
    group: 'edit',
    icon: Redo2,
    shortcuts: ['Mod+Shift+Z', 'Mod+Y'],
    enabled: ({ documents }) => documents.history.getState().futureStates.length > 0,
    run: ({ documents }) => documents.redo(),
  },
  openPhoto: {
    group: 'picture',
    icon: ImagePlus,
    shortcuts: ['Mod+O'],
    run: (program) => chooseFiles(program, 'photo'),
  },
  addStyle: {
    group: 'picture',
    icon: Palette,
    shortcuts: ['Mod+Shift+O'],
    run: (program) => chooseFiles(program, 'style'),
  },
  paste: {
    group: 'picture',
    icon: ClipboardPaste,
    // The browser's own event brings the files without asking for a permission; see features/intake/paste.ts.
    browserShortcut: 'Mod+V',
    run: (program) => void pasteFiles(program),
  },
});
