import type { StudioDocument } from '../../shared/studio/document.ts';
import type { Session } from '../stores/session.ts';
import type { Program } from './program.ts';

/** ms of quiet before the program is asked again. */
const QUIET = 300;

/** What memory and time depend on; moving a style fader asks nothing. */
const relevant = (
  { photo, styles, photoMask, network, contentNetwork, preset, settings }: StudioDocument,
  { preferences, devices, results }: Pick<Session, 'preferences' | 'devices' | 'results'>,
): string =>
  JSON.stringify([
    // Every run that ended taught the program how long runs take.
    results[0]?.id,
    preferences.device,
    preferences.threads,
    devices.chosen,
    photo?.sha256,
    // Not what is painted on masks, but how many regions there are.
    photoMask !== null,
    styles.map(({ picture, scale, mask }) => [picture.sha256, scale, mask !== null]),
    network,
    contentNetwork,
    preset?.id,
    settings.size,
    settings.iterations,
    settings.optimizer,
    settings.parameterization,
    settings.transforms,
    Object.keys(settings.styleLayers ?? {}),
    Object.keys(settings.contentLayers ?? {}),
  ]);

/** Keeps `session.estimate` true to the document, quietly: where there is none, nothing is said about it. */
export function keepEstimate({ documents, session, transport }: Program): () => void {
  let asked = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ask = async (): Promise<void> => {
    const { document } = documents.getState();
    const key = relevant(document, session.getState());
    if (key === asked) return;
    asked = key;
    const possible = document.photo !== null && document.styles.length > 0;
    const answer = possible ? await transport.call('estimate', { document }) : undefined;
    if (key === asked) session.setState({ estimate: answer?.ok ? answer.value : null });
  };
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void ask(), QUIET);
  };
  later();
  const ends = [
    documents.subscribe(later),
    session.subscribe((now, before) => {
      const changed = (['preferences', 'devices', 'results'] as const).some((name) => now[name] !== before[name]);
      if (changed) later();
    }),
  ];
  return () => {
    clearTimeout(timer);
    for (const end of ends) end();
  };
}
