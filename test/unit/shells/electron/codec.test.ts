import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { usePortableCodec } from '../../../../src/main/shells/electron/codec.ts';

const require = createRequire(createRequire(import.meta.url).resolve('sharp'));
const found = (module: string): string | undefined => {
  try {
    return require.resolve(module);
  } catch {
    return undefined;
  }
};
const native = found(`@img/sharp-linux-${process.arch}/sharp.node`);
const portable = found('@img/sharp-wasm32/sharp.node');

it.runIf(native)('leaves the native codec alone where it works, or where there is no other', () => {
  usePortableCodec('darwin');
  usePortableCodec('win32');
  if (!portable) usePortableCodec('linux');
  expect(require.cache[native!]).toBeUndefined();
});

it.runIf(portable)('has pictures read by the WebAssembly build on Linux', async () => {
  usePortableCodec('linux');
  const { default: sharp } = await import('sharp');
  expect(require.cache[portable!]).toBeDefined();
  const picture = sharp({ create: { width: 3, height: 2, channels: 3, background: '#804020' } });
  const jpeg = await picture.jpeg().toBuffer();
  expect(await sharp(jpeg).metadata()).toMatchObject({ format: 'jpeg', width: 3, height: 2 });
});
