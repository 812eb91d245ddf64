/** Frames per second of moving and zooming a large photo, against a bare page that moves the same bitmap. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page, Worker } from 'playwright-core';
import sharp from 'sharp';
import { Studio } from '../../test/e2e/studio/pages/studio.ts';
import { likeAMouse, pause } from './figures.ts';

const WIDTH = 6000;
const HEIGHT = 4000;
/** Seconds of each movement. */
const SECONDS = 4;
/** CSS px that the picture is moved to either side, and seconds for there and back. */
const REACH = 150;
const SWING = 1;
/** What a pinch on a trackpad reports each time, and how often before it turns: from the whole photo until beyond 100 %. */
const PINCH = 4;
const PINCHES = 60;

/** Of one repetition. */
export interface Looking {
  readonly bare: number;
  readonly pan: number;
  readonly zoom: number;
}

/**
 * The studio draws in a worker, so that is where its frames are counted: drawings of the picture at another place than before. The
 * worker draws in `requestAnimationFrame`, which the compositor holds back until it has taken the frame before; the bare page
 * draws on its main thread under the same rule.
 */
const COUNT_IN_WORKER = `(() => {
  const counted = (globalThis.counted = { frames: 0 });
  const { drawImage } = OffscreenCanvasRenderingContext2D.prototype;
  let last = '';
  OffscreenCanvasRenderingContext2D.prototype.drawImage = function (image, ...at) {
    const where = at.join();
    if (where !== last) counted.frames++;
    last = where;
    return drawImage.call(this, image, ...at);
  };
})()`;

export async function look(repetitions: number): Promise<Looking[]> {
  const folder = await mkdtemp(join(tmpdir(), 'madder-bench-'));
  const studio = await Studio.open();
  try {
    const photo = join(folder, 'large.jpg');
    await writePhoto(photo);
    await studio.drop('left', photo);
    await studio.canvas.draws('photo', '/picture/');
    const worker = studio.page.workers()[0]!;
    await worker.evaluate(COUNT_IN_WORKER);
    const canvas = (await studio.page.locator('[data-canvas]').boundingBox())!;
    const bare = await studio.page.context().newPage();
    await prepareBare(bare, photo, canvas);
    const found: Looking[] = [];
    for (let i = 0; i < repetitions; i++) {
      const barely = await barePan(bare, canvas);
      await studio.page.bringToFront();
      found.push({
        bare: barely,
        pan: await pan(studio.page, worker, canvas),
        zoom: await zoom(studio.page, worker, canvas),
      });
    }
    return found;
  } finally {
    await studio.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** With something in it at every scale, so that nothing is drawn more cheaply than a photo. */
async function writePhoto(path: string): Promise<void> {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  await sharp({ create: { width: WIDTH / 8, height: HEIGHT / 8, channels: 3, background: 'black', noise } })
    .resize(WIDTH, HEIGHT)
    .jpeg({ quality: 90 })
    .toFile(path);
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

// ── the studio ──────────────────────────────────────────────────────────────────────────────────────────────────────

async function framesDuring(worker: Worker, work: () => Promise<void>): Promise<number> {
  const now = (): Promise<{ frames: number; at: number }> =>
    worker.evaluate('({ frames: counted.frames, at: performance.now() })');
  const before = await now();
  await work();
  const after = await now();
  return (after.frames - before.frames) / ((after.at - before.at) / 1000);
}

/** At 100 %, as the bare page does. */
async function pan(page: Page, worker: Worker, canvas: Box): Promise<number> {
  const { mouse, keyboard } = page;
  const [x, y] = [canvas.x + canvas.width / 2, canvas.y + canvas.height / 2];
  await page.locator('main > div').first().focus();
  await keyboard.press('z');
  await pause(300);
  await mouse.move(x, y);
  await mouse.down();
  const frames = await framesDuring(worker, () =>
    likeAMouse(SECONDS, (at) => {
      const { dx, dy } = offsetAt(at);
      return mouse.move(x + dx, y + dy);
    }),
  );
  await mouse.up();
  return frames;
}

/** From the whole photo until its pixels are seen, and back. */
async function zoom(page: Page, worker: Worker, canvas: Box): Promise<number> {
  const { mouse, keyboard } = page;
  await page.locator('main > div').first().focus();
  await keyboard.press('f');
  await pause(300);
  await mouse.move(canvas.x + canvas.width / 3, canvas.y + canvas.height / 3);
  let reports = 0;
  await keyboard.down('Control');
  const frames = await framesDuring(worker, () =>
    likeAMouse(SECONDS, () => mouse.wheel(0, Math.floor(reports++ / PINCHES) % 2 === 0 ? -PINCH : PINCH)),
  );
  await keyboard.up('Control');
  return frames;
}

const offsetAt = (at: number): { dx: number; dy: number } => ({
  dx: REACH * Math.sin((2 * Math.PI * at) / SWING),
  dy: REACH * Math.cos((2 * Math.PI * at) / SWING),
});

// ── the bare page ───────────────────────────────────────────────────────────────────────────────────────────────────

async function prepareBare(page: Page, photo: string, { width, height }: Box): Promise<void> {
  const content = (await readFile(photo)).toString('base64');
  await page.evaluate(`(async () => {
    document.body.style.margin = 0;
    const canvas = document.createElement('canvas');
    canvas.width = ${width} * devicePixelRatio;
    canvas.height = ${height} * devicePixelRatio;
    canvas.style.width = '${width}px';
    document.body.append(canvas);
    const bytes = Uint8Array.from(atob('${content}'), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
    const context = canvas.getContext('2d');
    globalThis.pan = (seconds) => new Promise((done) => {
      const begun = performance.now();
      let frames = 0;
      const frame = () => {
        const at = (performance.now() - begun) / 1000;
        if (at >= seconds) return done(frames / at);
        const x = (canvas.width - bitmap.width) / 2 + ${REACH} * Math.sin((2 * Math.PI * at) / ${SWING});
        const y = (canvas.height - bitmap.height) / 2 + ${REACH} * Math.cos((2 * Math.PI * at) / ${SWING});
        context.drawImage(bitmap, Math.round(x), Math.round(y));
        frames++;
        requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
    });
  })()`);
}

async function barePan(page: Page, { x, y }: Box): Promise<number> {
  await page.bringToFront();
  // Hands take processor time too, the more so where they are a program.
  const hands = likeAMouse(SECONDS, (at) => {
    const { dx, dy } = offsetAt(at);
    return page.mouse.move(x + REACH + dx, y + REACH + dy);
  });
  const rate = await page.evaluate<number>(`pan(${SECONDS})`);
  await hands;
  return rate;
}
