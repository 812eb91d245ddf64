import { describe, expect, test } from 'vitest';
import { presetSchema } from '../../../src/shared/preset.ts';
import { emptyDocument, type StudioDocument } from '../../../src/shared/studio/document.ts';
import { effectiveSettings, finalSize, obstacles } from '../../../src/shared/studio/effective.ts';
import { NETWORK, picture } from './fake/snapshot.ts';

const preset = {
  id: 'p',
  value: presetSchema.parse({
    version: 1,
    name: 'P',
    description: 'A preset.',
    networks: { style: { rewrites: [{ pooling: { kind: 'average' } }] } },
    objective: { style: 1e3, normalization: 'gatys2015' },
    schedule: { size: 400, side: 'short', levels: [{ factor: 1, evaluations: 500 }] },
    init: { kind: 'noise' },
  }),
};
const document: StudioDocument = {
  ...emptyDocument(NETWORK.id),
  photo: picture('a'),
  styles: [{ picture: picture('b'), weight: 1, scale: 1, mask: null }],
};
const situation = { connected: true, networks: [NETWORK] };
const kinds = (changes: Partial<StudioDocument>, more = {}): string[] =>
  obstacles({ ...document, ...changes }, { ...situation, ...more }).map(({ kind }) => kind);

describe('effective settings', () => {
  test("are the person's before the preset's, those before the network's, and those before the usual ones", () => {
    const { settings, origin } = effectiveSettings({ settings: { size: 900 }, preset }, NETWORK);
    expect(settings).toMatchObject({
      size: 900,
      style: 1e3,
      normalization: 'gatys2015',
      iterations: 500,
      pooling: 'average',
      init: { kind: 'noise' },
      content: 0.07,
      colour: 'style',
    });
    expect(origin).toMatchObject({ size: 'own', style: 'preset', content: 'network', colour: 'usual' });
  });

  test('know what a reset goes back to', () => {
    const { settings, base } = effectiveSettings({ settings: { style: 5, content: 3 }, preset }, NETWORK);
    expect([settings.style, settings.content]).toEqual([5, 3]);
    expect([base.style, base.content]).toEqual([1e3, 0.07]);
  });

  test('take the layers of the content from the network that sees it', () => {
    const other = { ...NETWORK, suggested: { ...NETWORK.suggested, contentLayers: { conv4: 1 } } };
    const { settings } = effectiveSettings({ settings: {}, preset: null }, NETWORK, other);
    expect(settings.contentLayers).toEqual({ conv4: 1 });
    expect(settings.styleLayers).toEqual(NETWORK.suggested.styleLayers);
  });

  test('say how large the picture gets', () => {
    const own = { settings: {}, preset };
    expect(finalSize(document, effectiveSettings(own, NETWORK))).toEqual({ width: 600, height: 400 });
    expect(finalSize(document, effectiveSettings({ ...own, preset: null }, NETWORK))).toEqual({
      width: 512,
      height: 341,
    });
  });
});

describe('what stands in the way of a start', () => {
  test('nothing, when all is there', () => {
    expect(kinds({})).toEqual([]);
  });

  test('pictures, network and connection', () => {
    expect(kinds({ photo: null, styles: [] }, { connected: false })).toEqual(['disconnected', 'noPhoto', 'noStyle']);
    expect(kinds({ styles: [{ picture: picture('b'), weight: 0, scale: 1, mask: null }] })).toEqual([
      'styleWithoutWeight',
    ]);
    expect(kinds({ network: 'unheard-of' })).toEqual(['networkUnknown']);
    expect(kinds({}, { networks: [{ ...NETWORK, state: 'available' }] })).toEqual(['networkAbsent']);
  });

  test('layers that are silent, by their weight, mute or λ, or not there', () => {
    expect(kinds({ settings: { styleLayers: { relu1_1: 0 } } })).toEqual(['silent']);
    expect(kinds({ settings: { style: 0 } })).toEqual(['silent']);
    const muted = Object.keys(NETWORK.suggested.styleLayers);
    expect(kinds({ faders: { muted, solo: null, linked: false } })).toEqual(['silent']);
    expect(kinds({ settings: { styleLayers: { conv9: 1 } } })).toEqual(['layerUnknown']);
  });

  test('movements below masks', () => {
    const settings = { transforms: { jitter: 8, scale: 0, rotate: 0 } };
    expect(kinds({ settings })).toEqual([]);
    expect(kinds({ settings, photoMask: picture('c') })).toEqual(['masksMoved']);
    expect(kinds({ photoMask: picture('c') })).toEqual([]);
    const [style] = document.styles;
    expect(kinds({ settings, styles: [{ ...style!, mask: picture('c') }] })).toEqual(['masksMoved']);
  });

  test('shares of zero, unless a painting has a region of its own', () => {
    const [style] = document.styles;
    expect(kinds({ styles: [{ ...style!, weight: 0, mask: picture('c') }] })).toEqual([]);
  });

  test('memory, with the size that would do', () => {
    const estimate = { seconds: 1, bytes: 2, availableBytes: 1, fits: false, smallerSize: 700, pieces: null };
    expect(obstacles(document, { ...situation, estimate })).toEqual([{ kind: 'tooLarge', smallerSize: 700 }]);
  });
});
