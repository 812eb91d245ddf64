import { describe, expect, test } from 'vitest';
import {
  applyPreset,
  fitOf,
  isModified,
  matchesPreset,
  presetFrom,
} from '../../../src/renderer/features/presets/preset-edits.ts';
import { createDocumentStore } from '../../../src/renderer/stores/document.ts';
import { presetSchema, type Preset } from '../../../src/shared/preset.ts';
import { emptyDocument, type StudioDocument } from '../../../src/shared/studio/document.ts';
import { effectiveSettings } from '../../../src/shared/studio/effective.ts';
import { RESNET } from './fake/full-studio.ts';
import { NETWORK, picture } from './fake/snapshot.ts';

const value: Preset = {
  version: 1,
  name: 'Evening',
  description: 'Large shapes.',
  objective: { style: 3, styleLayers: { relu3_1: 1 } },
  schedule: {
    size: 1024,
    side: 'long',
    levels: [
      { factor: 0.5, evaluations: 80 },
      { factor: 1, evaluations: 40 },
    ],
  },
};
const entry = { id: 'evening', value, builtIn: false, favourite: false, thumbnail: false };
const applied = (settings: StudioDocument['settings'] = {}): StudioDocument => {
  const documents = createDocumentStore({ ...emptyDocument(NETWORK.id), settings, photo: picture('a') });
  documents.edit((draft) => applyPreset(draft, entry));
  return documents.getState().document;
};
const effective = (document: StudioDocument) => effectiveSettings(document, NETWORK);

describe('a preset that is applied', () => {
  test('replaces what it speaks of, and the weights together; the rest stays', () => {
    const document = applied({ style: 9, content: 5, size: 300, seed: 7, colour: 'luminance' });
    expect(document.settings).toEqual({ seed: 7, colour: 'luminance' });
    expect(document.photo).toEqual(picture('a'));
    expect(effective(document).settings).toMatchObject({ style: 3, size: 1024, iterations: 40 });
  });

  test('is one step for undo', () => {
    const documents = createDocumentStore({ ...emptyDocument(NETWORK.id), settings: { style: 9 } });
    documents.edit((draft) => applyPreset(draft, entry));
    documents.undo();
    expect(documents.getState().document).toEqual({ ...emptyDocument(NETWORK.id), settings: { style: 9 } });
  });
});

describe('a preset is modified', () => {
  const modified = (settings: StudioDocument['settings'], faders?: Partial<StudioDocument['faders']>): boolean => {
    const document = applied();
    const changed = { ...document, settings, faders: { ...document.faders, ...faders } };
    return isModified(changed, effective(changed));
  };

  test('by another value, not by the same one or by the seed', () => {
    expect(modified({})).toBe(false);
    expect(modified({ style: 3, styleLayers: { relu3_1: 1 }, seed: 3 })).toBe(false);
    expect(modified({ style: 4 })).toBe(true);
    expect(modified({ styleLayers: { relu3_1: 1, relu4_1: 1 } })).toBe(true);
    expect(modified({ optimizer: { kind: 'lbfgs', history: 5, lineSearch: 'none' } })).toBe(true);
  });

  test('by a muted layer', () => {
    expect(modified({}, { muted: ['relu3_1'] })).toBe(true);
    expect(modified({}, { linked: true })).toBe(false);
  });
});

describe('a preset of the settings', () => {
  const about = { name: 'Mine', description: 'My own.' };

  test('says the same again', () => {
    const document = { ...applied(), settings: { style: 4, iterations: 20, pooling: 'average' as const } };
    const saved = presetFrom(document, effective(document), NETWORK, about);
    expect(presetSchema.parse(saved)).toMatchObject({ ...about, objective: { style: 4, styleLayers: { relu3_1: 1 } } });
    expect(saved.schedule?.levels).toEqual([
      { factor: 0.5, evaluations: 40 },
      { factor: 1, evaluations: 20 },
    ]);
    const again = { ...document, settings: {}, preset: { id: 'mine', value: saved } };
    expect(effective(again).settings).toEqual(effective(document).settings);
  });

  test('has the layers that hold on to the photo', () => {
    const contentLayers = { relu3_1: 1, relu5_1: 1 };
    const document = { ...applied(), settings: { contentLayers } };
    expect(isModified(document, effective(document))).toBe(true);
    const saved = presetSchema.parse(presetFrom(document, effective(document), NETWORK, about));
    expect(saved.objective?.contentLayers).toEqual(contentLayers);
    const documents = createDocumentStore(document);
    documents.edit((draft) => applyPreset(draft, { id: 'mine', value: saved }));
    const again = documents.getState().document;
    expect(again.settings.contentLayers).toBeUndefined();
    expect(effective(again).settings.contentLayers).toEqual(contentLayers);
  });

  test('leaves out layers that are not heard', () => {
    const document = { ...applied(), faders: { muted: ['relu3_1'], solo: null, linked: false } };
    expect(presetFrom(document, effective(document), NETWORK, about).objective?.styleLayers).toEqual({ relu3_1: 0 });
  });
});

test('a preset finds the network that it can be used with', () => {
  const document = emptyDocument(RESNET.id);
  const vgg19 = { ...NETWORK, id: 'vgg19', state: 'available' as const, layers: [] };
  expect(fitOf(value, emptyDocument(NETWORK.id), [NETWORK])).toEqual({ kind: 'fits' });
  expect(fitOf(value, document, [RESNET, NETWORK])).toEqual({ kind: 'switch', network: NETWORK });
  expect(fitOf({ ...value, networkArchitecture: 'vgg19' }, document, [RESNET, vgg19])).toEqual({
    kind: 'download',
    network: vgg19,
  });
  expect(fitOf(value, document, [RESNET])).toEqual({ kind: 'none' });
});

test('presets are found by words of their descriptions', () => {
  expect(matchesPreset(entry, 'shapes EVENING')).toBe(true);
  expect(matchesPreset(entry, 'shapes morning')).toBe(false);
});
