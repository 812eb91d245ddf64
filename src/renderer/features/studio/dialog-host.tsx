import { useEffect, useRef, type ComponentType } from 'react';
import { useProgram, useView } from '../../app/program.ts';
import type { DialogId, ViewStore } from '../../stores/view.ts';
import { ExportDialog } from '../export/export-dialog.tsx';
import { HistoryDialog } from '../history/history-dialog.tsx';
import { PreferencesDialog } from '../preferences/preferences-dialog.tsx';
import { PresetsDialog } from '../presets/presets-dialog.tsx';
import { QueueDialog } from '../queue/queue-dialog.tsx';
import { RenderDialog } from '../render/render-dialog.tsx';
import { ShortcutsDialog } from '../shortcuts/shortcuts-dialog.tsx';

/** What every dialog of the studio is given. */
export interface DialogProps {
  readonly onClose: () => void;
}

/** The dialogs by their names in `view.dialog`. */
const DIALOGS: Readonly<Record<DialogId, ComponentType<DialogProps>>> = {
  preferences: PreferencesDialog,
  shortcuts: ShortcutsDialog,
  history: HistoryDialog,
  queue: QueueDialog,
  presets: PresetsDialog,
  export: ExportDialog,
  render: RenderDialog,
};

export function DialogHost() {
  const { view } = useProgram();
  const dialog = useView((state) => state.dialog);
  useFocusBack(view);
  if (!dialog) return null;
  const Shown = DIALOGS[dialog];
  return <Shown onClose={() => view.setState({ dialog: null })} />;
}

/** Where one dialog led to another, the focus goes back to what opened the first: the second's opener is gone. */
function useFocusBack(view: ViewStore): void {
  const opener = useRef<Element>(null);
  useEffect(
    () =>
      view.subscribe((state, before) => {
        if (state.dialog !== null && before.dialog === null) opener.current = document.activeElement;
        if (state.dialog !== null || before.dialog === null) return;
        requestAnimationFrame(() => {
          if (document.activeElement === document.body && opener.current instanceof HTMLElement) opener.current.focus();
        });
      }),
    [view],
  );
}
