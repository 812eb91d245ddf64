/** Several pictures: waiting, changing places, resting, and many at once. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueueDialog } from './pages/dialogs.ts';
import { missing } from './pages/shells.ts';
import { Studio, type Run } from './pages/studio.ts';

describe.skipIf(missing('browser'))('the queue', () => {
  let studio: Studio;
  let queue: QueueDialog;
  const runs: Run[] = [];

  beforeAll(async () => {
    studio = await Studio.open();
    await studio.makeItQuick(96, 5000);
    await studio.choosePhoto('Mountain Lake');
    await studio.choosePainting('Pine by the Sea');
    runs.push(await studio.start());
    await studio.reaches(runs[0]!, 1);
    await studio.makeItQuick(64, 3);
    for (const title of ['Harbour at Dusk', 'Fruit and Wine']) {
      await studio.choosePhoto(title);
      runs.push(await studio.enqueue());
    }
  });
  afterAll(() => studio?.close());

  it('lets pictures wait while one is painted', async () => {
    await studio.notice('Added to the queue').first().waitFor();
    queue = await studio.openQueue();
    await expect.poll(() => queue.names()).toEqual(['lake – woodcut', 'harbour – woodcut', 'still-life – woodcut']);
    expect(await queue.states()).toEqual([
      'being painted',
      'waiting in the queue · place 1',
      'waiting in the queue · place 2',
    ]);
    await queue.box.getByText('2 pictures wait').waitFor();
  });

  it('changes their order by buttons and keys', async () => {
    await queue.button('Move still-life – woodcut up').click();
    await expect.poll(() => queue.names()).toEqual(['lake – woodcut', 'still-life – woodcut', 'harbour – woodcut']);
    await queue.button('Cancel still-life – woodcut').focus();
    await studio.page.keyboard.press('Alt+ArrowDown');
    await expect.poll(() => queue.names()).toEqual(['lake – woodcut', 'harbour – woodcut', 'still-life – woodcut']);
    const held = queue.button('Cancel still-life – woodcut');
    await expect.poll(() => held.evaluate((button) => button === button.ownerDocument.activeElement)).toBe(true);
  });

  it('begins nothing new while it rests', async () => {
    await queue.button('Pause the queue').click();
    await queue.box.getByText('The queue is paused: what runs goes on, nothing new begins.').waitFor();
    await queue.button('Stop and keep lake – woodcut').click();
    await studio.becomes(runs[0]!, 'stopped');
    expect((await studio.snapshot()).jobs.map(({ state }) => state).sort()).toEqual(['stopped', 'waiting', 'waiting']);
  });

  it('takes a picture out of the line, and in again', async () => {
    await queue.button('Cancel harbour – woodcut').click();
    await studio.becomes(runs[1]!, 'cancelled');
    await queue.button('Try harbour – woodcut again').click();
    await studio.becomes(runs[1]!, 'done');
    await studio.becomes(runs[2]!, 'waiting');
  });

  it('goes on when it is told to', async () => {
    await queue.button('Go on with the queue').click();
    await studio.becomes(runs[2]!, 'done');
    await queue.button('Clear ended').click();
    await queue.box.getByText('Nothing waits').waitFor();
    expect((await studio.snapshot()).results).toHaveLength(3);
    await queue.close();
  });

  it('paints one photo after three paintings', async () => {
    queue = await studio.openQueue();
    await queue.manyPaintings('Lighthouse at Night', 'Autumn Window', 'Poppy Meadow');
    await studio.notice('3 pictures were put in line').waitFor();
    await expect
      .poll(async () => (await studio.snapshot()).jobs.map(({ state }) => state), { timeout: 120_000 })
      .toEqual(['done', 'done', 'done']);
    expect((await studio.snapshot()).results.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['still-life – night-impasto', 'still-life – stained-glass', 'still-life – watercolour']),
    );
    await queue.close();
  });

  it('gives the browser nothing to complain about', () => {
    expect(studio.program.complaints).toEqual([]);
  });
});
