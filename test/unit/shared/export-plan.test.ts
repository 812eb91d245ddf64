import { describe, expect, test } from 'vitest';
import {
  convertLength,
  exportName,
  exportSize,
  idleOptions,
  settledOptions,
} from '../../../src/shared/studio/export-plan.ts';
import { snapshot } from '../renderer/fake/snapshot.ts';

const painted = { width: 1536, height: 1024 };

describe('the size of an export', () => {
  test('is the painted one, with its paper', () => {
    const size = exportSize(painted, { size: { unit: 'own' }, dpi: 300 });
    expect(size).toMatchObject({ width: 1536, height: 1024, enlarged: false });
    expect(size.paper.width).toBeCloseTo(13.005, 3);
  });

  test.each([
    ['px', 768, 300, 768, 512],
    ['inch', 10, 300, 3000, 2000],
    ['cm', 25.4, 300, 3000, 2000],
    ['cm', 25.4, 72, 720, 480],
    ['px', 1, 300, 1, 1],
  ] as const)('by a long side in %s: %d at %i dpi', (unit, longSide, dpi, width, height) => {
    expect(exportSize(painted, { size: { unit, longSide }, dpi })).toMatchObject({ width, height });
  });

  test('says when it is larger than what was painted', () => {
    expect(exportSize(painted, { size: { unit: 'px', longSide: 1536 }, dpi: 300 }).enlarged).toBe(false);
    expect(exportSize(painted, { size: { unit: 'px', longSide: 1537 }, dpi: 300 }).enlarged).toBe(true);
  });

  test('takes the upright picture by its height', () => {
    const upright = { width: 1000, height: 2000 };
    expect(exportSize(upright, { size: { unit: 'px', longSide: 500 }, dpi: 300 })).toMatchObject({
      width: 250,
      height: 500,
    });
  });

  test('goes from one unit to another', () => {
    expect(convertLength(3000, 'px', 'inch', 300)).toBe(10);
    expect(convertLength(10, 'inch', 'cm', 300)).toBe(25.4);
    expect(convertLength(25.4, 'cm', 'px', 300)).toBe(3000);
  });
});

describe('options that count for nothing', () => {
  const { export: usual } = snapshot().preferences;

  test('are named with the reason', () => {
    expect(idleOptions({ format: 'png', exif: true })).toEqual({ quality: 'lossless' });
    expect(idleOptions({ format: 'webp', exif: false })).toEqual({ depth: 'eightBits', removePosition: 'exifOff' });
    expect(idleOptions({ format: 'tiff', exif: true })).toEqual({
      quality: 'lossless',
      exif: 'noExif',
      removePosition: 'noExif',
    });
  });

  test('are settled before a file is written', () => {
    expect(settledOptions({ ...usual, format: 'jpeg', depth: 16 }).depth).toBe(8);
    expect(settledOptions({ ...usual, format: 'tiff', depth: 16 }).depth).toBe(16);
  });
});

describe('the name of an export', () => {
  const source = {
    photo: 'My lake.final.jpg',
    styles: ['woodcut.jpg', 'a/b.png'],
    network: 'vgg19',
    width: 1536,
    height: 1024,
    createdAt: new Date(2026, 4, 7),
  };

  test.each([
    ['{photo}', 'My lake.final'],
    ['{photo} after {style}', 'My lake.final after woodcut+a_b'],
    ['{network} {size} {date} {n}', 'vgg19 1536x1024 2026-05-07 1'],
    ['{unknown}', '{unknown}'],
    ['  ..', 'painting'],
    ['aux', 'aux_'],
    ['a:b?', 'a_b_'],
  ])('%s', (template, name) => {
    expect(exportName(template, source)).toBe(name);
  });

  test('fits every file system, whatever its letters', () => {
    const name = exportName('ü'.repeat(200), source);
    expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(200);
    expect(name).toMatch(/^ü+$/);
  });
});
