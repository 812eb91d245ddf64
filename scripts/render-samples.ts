/**
 * Renders the sample photos and paintings that ship with Madder from nothing but mathematics and fixed seeds.
 *
 *     npm run samples                      all pictures, several at a time
 *     npm run samples -- lake woodcut      only these
 */
import { fork } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { saveJpeg } from './samples/lib/encode.ts';
import { pictures } from './samples/pictures.ts';
import type { SamplePicture } from './samples/picture.ts';

const script = fileURLToPath(import.meta.url);
const target = join(dirname(script), '..', 'resources', 'samples');
const maxBytes = { photos: 470_000, paintings: 560_000 };

async function renderPicture(picture: SamplePicture): Promise<void> {
  const started = performance.now();
  const path = join(target, picture.kind, `${picture.name}.jpg`);
  await mkdir(dirname(path), { recursive: true });
  const size = await saveJpeg(picture.render(), path, maxBytes[picture.kind]);
  const seconds = (performance.now() - started) / 1000;
  console.log(`${picture.kind}/${picture.name}.jpg  ${(size / 1000).toFixed(0)} kB  ${seconds.toFixed(1)} s`);
}

/** Renders one picture in a process of its own. */
function renderApart(picture: SamplePicture): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(script, [picture.name]);
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${picture.name} could not be rendered`))));
  });
}

async function renderAll(): Promise<void> {
  const waiting = [...pictures];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await renderApart(next);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

async function writeIndex(): Promise<void> {
  const list = (kind: SamplePicture['kind']): { file: string; title: string; alt: string }[] =>
    pictures
      .filter((picture) => picture.kind === kind)
      .map(({ name, title, alt }) => ({ file: `${kind}/${name}.jpg`, title, alt }));
  const index = { version: 1, photos: list('photos'), paintings: list('paintings') };
  await writeFile(join(target, 'samples.json'), `${JSON.stringify(index, null, 2)}\n`);
}

const wanted = process.argv.slice(2);
if (wanted.length === 0) {
  await renderAll();
  await writeIndex();
} else {
  for (const name of wanted) {
    const picture = pictures.find((candidate) => candidate.name === name);
    if (!picture) throw new Error(`There is no sample picture named ${name}`);
    await renderPicture(picture);
  }
}
