import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { emptyExif, exifForResult, exifWords, withExifSize } from '../../../src/main/codec/exif.ts';
import { withPngChunks } from '../../../src/main/codec/png-chunks.ts';

/** EXIF data as sharp writes it, little-endian, and the same a camera might write, big-endian. */
async function camera(): Promise<Uint8Array> {
  const image = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } });
  const exif = { IFD0: { Make: 'ACME' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '51/1 30/1 3230/100' } };
  const bytes = await image.withMetadata({ orientation: 6, exif }).jpeg().toBuffer();
  return (await sharp(bytes).metadata()).exif!;
}

/** A table with an orientation, a position and a thumbnail's table behind it, in the other byte order. */
function bigEndian(): Uint8Array {
  const bytes = Buffer.alloc(96);
  bytes.write('MM\0*\0\0\0\x08', 0, 'latin1');
  bytes.writeUInt16BE(2, 8);
  bytes.set([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0], 10);
  bytes.set([0x88, 0x25, 0, 4, 0, 0, 0, 1, 0, 0, 0, 40], 22);
  bytes.writeUInt32BE(80, 34);
  bytes.writeUInt16BE(1, 40);
  bytes.set([0, 2, 0, 5, 0, 0, 0, 1, 0, 0, 0, 60], 42);
  bytes.fill(0x55, 60, 68);
  return bytes;
}

describe('exifForResult', () => {
  it('turns upright, and takes the position out with what it points to', async () => {
    const exif = await camera();
    const kept = Buffer.from(exifForResult(exif, { position: true })!);
    expect(kept.toString('latin1')).toMatch(/^II\*\0[^]*ACME/);
    expect(kept.indexOf(Buffer.from([0x25, 0x88]))).toBeGreaterThan(0);
    const bare = Buffer.from(exifForResult(exif, { position: false })!);
    expect(bare.toString('latin1')).toContain('ACME');
    expect(bare.indexOf(Buffer.from([0x25, 0x88]))).toBe(-1);
    // 3230/100
    const seconds = Buffer.from([0x9e, 0x0c, 0, 0, 0x64, 0, 0, 0]);
    expect(kept.indexOf(seconds)).toBeGreaterThan(0);
    expect(bare.indexOf(seconds)).toBe(-1);
    for (const result of [kept, bare]) {
      const orientation = result.indexOf(Buffer.from([0x12, 0x01, 3, 0, 1, 0, 0, 0]));
      expect(result.readUInt16LE(orientation + 8)).toBe(1);
    }
    expect(exif).toEqual(await camera());
  });

  it('reads both byte orders and unlinks the thumbnail', () => {
    const kept = Buffer.from(exifForResult(bigEndian(), { position: true })!);
    expect([kept.readUInt16BE(18), kept.readUInt32BE(34), kept[60]]).toEqual([1, 0, 0x55]);
    const bare = Buffer.from(exifForResult(bigEndian(), { position: false })!);
    expect([bare.readUInt16BE(8), bare.readUInt16BE(18), bare.readUInt32BE(22)]).toEqual([1, 1, 0]);
    expect(bare.includes(0x55)).toBe(false);
  });

  it('takes whatever it is given, and never leaves a position in it', () => {
    const whole = bigEndian();
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(95), fc.nat(255)), { maxLength: 6 }), fc.nat(96), (changes, length) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        exifForResult(bytes.subarray(0, length), { position: false });
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void exifForResult(bytes, { position: false })));
  });
});

describe('withExifSize', () => {
  it('says the size and the resolution of the picture, whatever was said before', async () => {
    const image = sharp({ create: { width: 8, height: 6, channels: 3, background: 'red' } });
    const exif = { IFD0: { Make: 'ACME', Artist: 'Ada' } };
    const bytes = await image.withExif(exif).withDensity(72).jpeg().toBuffer();
    const given = exifForResult((await sharp(bytes).metadata()).exif!, { position: true })!;
    for (const original of [given, bigEndian(), emptyExif()]) {
      const changed = withExifSize(original, { width: 8000, height: 6000, dpi: 300 });
      const png = await image.png().toBuffer();
      const carried = withPngChunks(png, [{ type: 'eXIf', data: changed }]);
      expect((await sharp(carried).metadata()).density).toBe(300);
      expect(withExifSize(changed, { width: 8000, height: 6000, dpi: undefined })).toEqual(changed);
    }
    const changed = withExifSize(given, { width: 8000, height: 6000, dpi: 300 });
    // Pixel X and Y dimension as LONG, which libvips wrote as the small picture's.
    expect(Buffer.from(changed).includes(Buffer.from([0x02, 0xa0, 4, 0, 1, 0, 0, 0, 0x40, 0x1f, 0, 0]))).toBe(true);
    expect(Buffer.from(changed).includes(Buffer.from([0x03, 0xa0, 4, 0, 1, 0, 0, 0, 0x70, 0x17, 0, 0]))).toBe(true);
    const words = exifWords(changed).map(([tag, text]) => [tag, Buffer.from(text).toString('latin1')]);
    expect(words).toContainEqual([0x10f, 'ACME\0']);
    expect(words).toContainEqual([0x13b, 'Ada\0']);
  });
});
