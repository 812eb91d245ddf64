import { describe, expect, test } from 'vitest';
import type { Preset } from '../../../src/shared/preset.ts';
import { emptyDocument, type StudioDocument } from '../../../src/shared/studio/document.ts';
import { changeNetwork, fitsNetwork, presetLayers } from '../../../src/shared/studio/network-change.ts';
import { RESNET } from '../renderer/fake/full-studio.ts';
import { NETWORK, picture } from '../renderer/fake/snapshot.ts';

const document = (changes: Partial<StudioDocument> = {}): StudioDocument => ({
  ...emptyDocument(NETWORK.id),
  ...changes,
});
const preset = (value: Partial<Preset>): NonNullable<StudioDocument['preset']> => ({
  id: 'p',
  value: { version: 1, name: 'P', description: 'p', ...value },
});

describe('another network', () => {
  test('keeps the faders of layers that it has too', () => {
    const settings = { styleLayers: { relu1_1: 2, relu3_1: 0.5 }, content: 0.2 };
    const { document: changed, lost } = changeNetwork(document({ settings }), { ...NETWORK, id: 'sibling' });
    expect(changed.network).toBe('sibling');
    expect(changed.settings).toEqual(settings);
    expect(lost).toBe('nothing');
  });

  test('keeps those that it has, and says that others are gone', () => {
    const fewer = { ...NETWORK, id: 'small', layers: NETWORK.layers.slice(0, 2) };
    const before = document({
      settings: { styleLayers: { relu1_1: 2, relu5_1: 1 } },
      faders: { muted: ['relu1_1', 'relu5_1'], solo: 'relu5_1', linked: true },
    });
    const { document: changed, lost } = changeNetwork(before, fewer);
    expect(changed.settings.styleLayers).toEqual({ relu1_1: 2 });
    expect(changed.faders).toEqual({ muted: ['relu1_1'], solo: null, linked: true });
    expect(lost).toBe('some');
  });

  test('suggests its own where it has none of them', () => {
    const settings = { styleLayers: { relu1_1: 2 }, contentLayers: { relu4_2: 1 }, size: 900 };
    const { document: changed, lost } = changeNetwork(document({ settings }), RESNET);
    expect(changed.settings).toEqual({ size: 900 });
    expect(lost).toBe('layers');
  });

  test('keeps the layers of the photo that it has too', () => {
    const chosen = { contentLayers: { relu3_1: 1, relu4_2: 1 } };
    const fewer = { ...NETWORK, id: 'small', layers: NETWORK.layers.slice(0, 3) };
    expect(changeNetwork(document({ settings: chosen }), { ...NETWORK, id: 'sibling' })).toMatchObject({
      lost: 'nothing',
      document: { settings: chosen },
    });
    const { document: changed, lost } = changeNetwork(document({ settings: chosen }), fewer);
    expect([changed.settings.contentLayers, lost]).toEqual([{ relu3_1: 1 }, 'some']);
  });

  test('leaves the content to the network that has it', () => {
    const before = document({ settings: { contentLayers: { relu4_2: 1 } }, contentNetwork: NETWORK.id });
    expect(changeNetwork(before, RESNET)).toMatchObject({
      lost: 'nothing',
      document: { settings: { contentLayers: { relu4_2: 1 } } },
    });
  });

  test('lets a preset go that reads other layers, but not its size and pace', () => {
    const before = document({
      photo: picture('a', 'a.jpg', 1500, 1000),
      preset: preset({
        objective: { styleLayers: { relu1_1: 1 }, style: 1e6 },
        schedule: { size: 512, side: 'short', levels: [{ factor: 1, evaluations: 300 }] },
      }),
    });
    const { document: changed, lost } = changeNetwork(before, RESNET);
    expect(changed.preset).toBeNull();
    // The short side of 512 px is a long one of 768.
    expect(changed.settings).toEqual({ size: 768, iterations: 300 });
    expect(lost).toBe('preset');
    expect(changeNetwork(before, { ...NETWORK, id: 'sibling' }).document.preset).toBe(before.preset);
  });
});

test('a preset reads layers of faders and of rewrites, whatever their octave', () => {
  const { value } = preset({
    objective: { styleLayers: { relu1_1: 1, 'relu1_1/2': 1 }, contentLayers: { relu4_2: 1 } },
    networks: { style: { rewrites: [{ identityGradient: ['relu5_x'] }] } },
  });
  expect(presetLayers(value)).toEqual(['relu1_1', 'relu4_2', 'relu5_x']);
  expect(presetLayers(value, false)).toEqual(['relu1_1', 'relu5_x']);
  expect(fitsNetwork(value, NETWORK)).toBe(false);
});
