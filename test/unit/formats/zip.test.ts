import { describe, expect, it } from 'vitest';
import { memorySource } from '../../../src/main/formats/byte-source.ts';
import { Budget } from '../../../src/main/formats/pickle.ts';
import { refusal } from '../../../src/main/formats/refusal.ts';
import { locateEntries, readEntry, readPieces, readZipDirectory } from '../../../src/main/formats/zip.ts';
import { bytes, zip, type ZipPart } from './checkpoint-bytes.ts';

const refuse = refusal('thin.pth', 'PyTorch checkpoint');

async function directoryOf(archive: Uint8Array) {
  const source = memorySource(archive);
  const directory = await readZipDirectory(source, new Budget(source.size, refuse), refuse);
  return { source, directory };
}

const PARTS: readonly ZipPart[] = [
  { name: 'net/data.pkl', data: bytes('pickle') },
  { name: 'net/data/0', data: bytes('weights') },
  { name: 'net/empty', data: bytes() },
];

const changed = (archive: Uint8Array, at: number, ...values: readonly number[]): Uint8Array => {
  const copy = Uint8Array.from(archive);
  copy.set(values, at < 0 ? archive.length + at : at);
  return copy;
};

describe('zip archives', () => {
  it.each([
    ['plain', zip(PARTS)],
    ['of zip64', zip(PARTS, { wide: true })],
    ['with a comment', zip(PARTS, { comment: 'PK\x05\x06 made by hand' })],
    ['with compressed entries', zip(PARTS.map((p) => ({ ...p, compressed: true })))],
  ])('are read where they are %s', async (_, archive) => {
    const { source, directory } = await directoryOf(archive);
    expect([...directory.entries.keys()]).toEqual(PARTS.map((p) => p.name));
    for (const { name, data } of PARTS) {
      const entry = directory.entries.get(name)!;
      expect(entry.size).toBe(data.length);
      expect(bytes(await readEntry(source, directory, entry, 100, refuse))).toEqual(bytes(data));
    }
  });

  it('find their data behind local headers that are longer than the directory says', async () => {
    const archive = zip(PARTS);
    const { source, directory } = await directoryOf(archive);
    const begins = await locateEntries(source, directory, [...directory.entries.values()].reverse(), refuse);
    expect(begins).toEqual(
      [...PARTS.map((p) => 35 + p.name.length + Buffer.from(archive).indexOf(p.name) - 30)].reverse(),
    );
  });

  const plain = zip(PARTS);
  const wide = zip(PARTS, { wide: true });
  const [first] = PARTS;
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', bytes(), /its end is missing/],
    ['an interrupted download', plain.subarray(0, plain.length - 30), /its end is missing/],
    ['a part of several', changed(plain, -18, 1), /one part of several/],
    ['a directory beyond the file', changed(plain, -6, 0xff, 0xff, 0xff, 0x7f), /directory lies beyond the file/],
    ['a directory that is shorter than it says', changed(plain, -10, 4), /directory is broken/],
    ['fewer entries than it says', changed(plain, -14, 9, 0, 9), /broken/],
    ['two directories that differ', changed(wide, -14, 5, 0, 5, 0), /contradict each other/],
    ['a zip64 directory beyond the file', changed(wide, -22 - 20 + 8, 0xff, 0xff, 0xff, 0xff, 0xff), /beyond the file/],
    ['a zip64 directory that is none', changed(wide, -22 - 20 - 56, 0), /directory is broken/],
    ['a file twice', zip([first!, first!]), /holds "net\/data\.pkl" twice/],
    ['encryption', zip([{ ...first!, claims: { flags: 1 } }]), /encrypted/],
    ['an unknown compression', zip([{ ...first!, claims: { method: 12 } }]), /compressed in an unknown way/],
    ['an entry beyond the file', zip([{ ...first!, claims: { size: 1000 } }]), /lies beyond the file/],
    ['an entry of 2^53 bytes', zip([{ ...first!, claims: { size: 2 ** 53 } }], { wide: true }), /no size|beyond/],
    ['a header at no place', zip([{ ...first!, claims: { header: 2 ** 31 } }]), /lies beyond the file/],
  ])('refuse %s', async (_, archive, message) => {
    await expect(directoryOf(archive)).rejects.toThrow(message);
    await expect(directoryOf(archive)).rejects.toThrow(expect.objectContaining({ kind: 'network' }));
  });

  it.each<[string, Uint8Array, number, RegExp]>([
    ['are not where the directory says', zip([{ ...first!, claims: { header: 1 } }, PARTS[1]!]), 100, /not where/],
    ['are larger than they may be', zip(PARTS), 3, /implausibly large/],
    [
      'inflate to less than they say',
      zip([{ ...first!, compressed: true, claims: { size: 50 } }, PARTS[1]!]),
      100,
      /./,
    ],
    ['do not inflate', zip([{ ...first!, claims: { method: 8 } }]), 100, /cannot be inflated/],
  ])('refuse entries that %s', async (_, archive, limit, message) => {
    const { source, directory } = await directoryOf(archive);
    const [entry] = directory.entries.values();
    await expect(readEntry(source, directory, entry!, limit, refuse)).rejects.toThrow(message);
  });

  it('never inflate more than they declare', async () => {
    const bomb = zip([{ name: 'net/data.pkl', data: new Uint8Array(2 ** 24), compressed: true }]);
    const place = Buffer.from(bomb).indexOf('PK\x01\x02');
    const { source, directory } = await directoryOf(changed(bomb, place + 24, 100, 0, 0, 0));
    const [entry] = directory.entries.values();
    await expect(readEntry(source, directory, entry!, 2 ** 26, refuse)).rejects.toThrow(/cannot be inflated/);
  });

  it('pieces that lie close are read together, others apart', async () => {
    const reads: [number, number][] = [];
    const source = memorySource(Uint8Array.from({ length: 200_000 }, (_, i) => i % 251));
    const watched = { ...source, read: (b: number, e: number) => (reads.push([b, e]), source.read(b, e)) };
    const pieces = await readPieces(watched, [150_000, 10, 1000, 0], 4);
    expect(pieces.map((p) => p[0])).toEqual([150_000 % 251, 10, 1000 % 251, 0]);
    expect(reads).toEqual([[0, 1004], [150_000, 150_004]]); // prettier-ignore
  });
});
