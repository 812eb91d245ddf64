import { useEffect, useMemo } from 'react';
import { TooltipProvider } from '../components/tooltip.tsx';
import { GestureContext } from '../components/gesture.ts';
import { Toasts } from '../components/toasts.tsx';
import { Laboratory } from '../features/laboratory/laboratory.tsx';
import { Studio } from '../features/studio/studio.tsx';
import { runAction } from '../actions/use-action.ts';
import { actionOf, isActionId } from '../actions/index.ts';
import { listenForShortcuts } from '../actions/keyboard.ts';
import { DropZone } from '../features/intake/drop-zone.tsx';
import { PaintedQuestion } from '../features/intake/painted-question.tsx';
import { listenForPaste } from '../features/intake/paste.ts';
import { placeImported } from '../features/intake/take-files.ts';
import { resolveLanguage, speak } from '../i18n/index.ts';
import { autosave } from '../stores/autosave.ts';
import { keepEstimate } from './estimate.ts';
import { followRuns } from './follow.ts';
import { ProgramContext, useView, type Program } from './program.ts';
import { followTheme } from './theme.ts';

/** The window, once the program is open. */
export function App({ program }: { readonly program: Program }) {
  const { documents, transport, view } = program;
  useEffect(() => {
    const ends = [
      listenForShortcuts(program),
      listenForPaste(program),
      followTheme(program),
      followLanguage(program),
      followRuns(program),
      keepEstimate(program),
      autosave(documents, async (document) => (await transport.call('saveDocument', { document })).ok),
      program.onEvent((event) => {
        if (event.type === 'command' && isActionId(event.action)) {
          if (!actionOf(event.action).everywhere) view.setState({ screen: 'studio' });
          runAction(program, event.action);
        }
        if (event.type === 'opened') {
          view.setState({ screen: 'studio' });
          placeImported(program, event.imported, 'photo');
        }
      }),
    ];
    return () => ends.forEach((end) => end());
  }, [program, documents, transport, view]);

  const gesture = useMemo(() => ({ begin: documents.beginGesture, end: documents.endGesture }), [documents]);
  return (
    <ProgramContext value={program}>
      <GestureContext value={gesture}>
        <TooltipProvider>
          <Room />
          <PaintedQuestion />
          <Toasts />
        </TooltipProvider>
      </GestureContext>
    </ProgramContext>
  );
}

function Room() {
  const screen = useView((view) => view.screen);
  if (screen === 'laboratory') return <Laboratory />;
  return (
    <>
      <Studio />
      <DropZone />
    </>
  );
}

function followLanguage({ session }: Program): () => void {
  const follow = (): void => speak(resolveLanguage(session.getState().preferences.language, navigator.languages));
  follow();
  return session.subscribe(follow);
}
