import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { usePortableCodec } from '../../../../src/main/shells/electron/codec.ts';

// Nothing that loads sharp may be imported before the portable codec is chosen.
const folder = mkdtempSync(join(tmpdir(), 'madder-portable-'));
const file = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function hasPortable(): boolean {
  try {
    return existsSync(
      createRequire(createRequire(import.meta.url).resolve('sharp')).resolve('@img/sharp-wasm32/sharp.node'),
    );
  } catch {
    return false;
  }
}

it.runIf(process.platform === 'linux' && hasPortable())('writes all formats with the portable codec', async () => {
  usePortableCodec('linux');
  const { writeRows } = await import('../../../../src/main/codec/large/write.ts');
  const { default: sharp } = await import('sharp');
  expect((sharp.versions as Record<string, string>)['emscripten']).toBeDefined();
  const rows = (from: number, to: number) => new Float32Array(3 * 1234 * (to - from)).map((_, i) => (i % 1234) / 1234);
  const source = { width: 1234, height: 1111, transparent: false, rows };
  for (const name of ['a.png', 'a.tif', 'p.tif', 'a.jpg', 'a.webp']) {
    const deep = name.endsWith('.png') || name.endsWith('.tif');
    const options = { depth: deep ? 16 : 8, pyramid: name === 'p.tif' } as const;
    await writeRows(file(name), source, { quality: 95, dpi: 300, ...options });
    expect(await sharp(file(name)).metadata()).toMatchObject({ width: 1234, height: 1111, hasProfile: true });
  }
});
