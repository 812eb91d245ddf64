/** From the press of Start to a picture on the canvas that shows what the painting will do. */
import { BrowserProgram } from '../../test/e2e/studio/pages/shells.ts';
import { Studio } from '../../test/e2e/studio/pages/studio.ts';
import { until } from '../../test/e2e/studio/pages/wait.ts';
import { pause } from './figures.ts';

/** A preview counts with so many evaluations behind it ... */
const EVALUATIONS = 5;
/** ... of a picture whose long side is at least this, px. */
const LEVEL = 256;
/** ms for a process that is there to load the runtime; nothing outside tells when it has. */
const LOADING = 3000;

/**
 * Notes when Start was pressed and when each preview was on the screen, by the window's clock. The canvas says which picture
 * the painter has decoded; it draws with its next frame, and the one after that is seen.
 */
const WATCH = `(() => {
  const seen = { pressed: 0, drawn: [] };
  addEventListener('click', ({ timeStamp }) => (seen.pressed = timeStamp), { capture: true, once: true });
  const host = document.querySelector('[data-canvas]');
  new MutationObserver(() => {
    const url = host.dataset.result;
    requestAnimationFrame(() => requestAnimationFrame(() => seen.drawn.push({ url, at: performance.now() })));
  }).observe(host, { attributeFilter: ['data-result'] });
  return seen;
})()`;

interface Seen {
  readonly pressed: number;
  readonly drawn: readonly { readonly url: string; readonly at: number }[];
}

export interface FirstPreview {
  /** From the press to the first preview at all, and to the first that counts; ms. */
  readonly anyMs: number;
  readonly ms: number;
  /** Evaluations behind the one that counts. */
  readonly evaluations: number;
}

/** One start in a program and a window of their own: nothing is warm but the engine that waits. */
export async function firstPreview(size: number): Promise<FirstPreview> {
  const program = await BrowserProgram.launch();
  try {
    const studio = new Studio(program);
    await studio.isReady();
    await studio.setSize(size);
    await studio.choosePhoto('Mountain Lake');
    await studio.choosePainting('Poppy Meadow');
    await until('the devices are tried out', async () => !(await studio.snapshot()).devices.probing);
    await until('an engine waits', () => program.enginePid);
    await pause(LOADING);
    const seen = await studio.page.evaluateHandle<Seen>(WATCH);
    await studio.startButton.click();
    const found = await until('a preview is on the canvas', async () => {
      const { pressed, drawn } = await seen.jsonValue();
      const counting = drawn.map((picture) => ({ ...picture, evaluations: evaluationsBehind(program, picture.url) }));
      const first = counting.find(({ evaluations }) => evaluations >= EVALUATIONS);
      return first && { anyMs: drawn[0]!.at - pressed, ms: first.at - pressed, evaluations: first.evaluations };
    });
    return found!;
  } finally {
    await program.close();
  }
}

/** How many evaluations a preview shows, all of them at levels that are large enough. */
function evaluationsBehind({ heard }: BrowserProgram, url: string): number {
  const first = heard.find((event) => event.type === 'progress')?.progress;
  if (!first || Math.max(first.width, first.height) < LEVEL) throw new Error('The run begins with a smaller picture.');
  const version = Number(new URL(url, 'http://localhost').searchParams.get('v'));
  return heard.filter((event) => event.type === 'preview').find(({ preview }) => preview === version)?.total ?? 0;
}
