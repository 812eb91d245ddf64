import sharp from 'sharp';
import { expect, test } from 'vitest';
import { encodeGrey } from '../../../src/renderer/features/masks/png.ts';
import { emptyRaster, fillPolygon, paintSegment } from '../../../src/renderer/features/masks/raster.ts';

test('a mask is a PNG in grey that others read as it was painted', async () => {
  const raster = emptyRaster(301, 97);
  raster.data.forEach((_, i) => (raster.data[i] = (i * 7) % 256));
  const png = Buffer.from(await (await encodeGrey(raster)).arrayBuffer());
  expect(await sharp(png).metadata()).toMatchObject({
    format: 'png',
    width: 301,
    height: 97,
    channels: 1,
    depth: 'uchar',
    hasAlpha: false,
  });
  const { data } = await sharp(png).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  expect(new Uint8Array(data)).toEqual(raster.data);
});

test('a mask may be painted on while it is encoded', async () => {
  const raster = emptyRaster(64, 64);
  paintSegment(raster, { x: 20, y: 20, radius: 8 }, { x: 40, y: 20, radius: 8 }, 0.5, false);
  const before = raster.data.slice();
  const encoding = encodeGrey(raster);
  fillPolygon(
    raster,
    [
      { x: 0, y: 0 },
      { x: 64, y: 0 },
      { x: 64, y: 64 },
    ],
    0,
    false,
  );
  const png = Buffer.from(await (await encoding).arrayBuffer());
  expect(new Uint8Array(await sharp(png).toColourspace('b-w').raw().toBuffer())).toEqual(before);
});
