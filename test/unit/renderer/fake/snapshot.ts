import type { NetworkCard, Snapshot } from '../../../../src/shared/studio/contract.ts';
import { emptyDocument, type StudioPicture } from '../../../../src/shared/studio/document.ts';

/** A picture by a hash that anyone can tell: the same digit 64 times. */
export const picture = (digit: string, name = `${digit}.jpg`, width = 1536, height = 1024): StudioPicture => ({
  sha256: digit.repeat(64),
  name,
  width,
  height,
});

export const NETWORK: NetworkCard = {
  id: 'madder-vgg',
  name: 'Madder VGG, robust',
  description: 'Strong, coherent strokes.',
  licence: 'MIT',
  citation: '',
  state: 'bundled',
  bytes: 5_000_000,
  families: [],
  layers: ['relu1_1', 'relu2_1', 'relu3_1', 'relu4_1', 'relu4_2', 'relu5_1'].map((name, i) => ({
    name,
    label: ['finest strokes', 'fine strokes', 'strokes', 'swirls and patches', 'patches', 'shapes'][i]!,
    channels: 64 * (i + 1),
    stride: 2 ** i,
    receptiveField: 5 * 2 ** i,
  })),
  suggested: {
    style: 1,
    content: 0.07,
    variation: 0.1,
    styleLayers: { relu1_1: 1, relu2_1: 1, relu3_1: 1, relu4_1: 0.6, relu5_1: 0.2 },
    contentLayers: { relu4_2: 1 },
    optimizer: 'adam',
  },
  sample: false,
};

export const snapshot = (changes: Partial<Snapshot> = {}): Snapshot => ({
  version: '0.1.0',
  shell: 'browser',
  platform: 'linux',
  document: emptyDocument(NETWORK.id),
  networks: [NETWORK],
  presets: [],
  samples: [],
  jobs: [],
  queuePaused: false,
  results: [],
  studies: [],
  preferences: {
    theme: 'dark',
    surround: 0.18,
    language: 'system',
    device: 'auto',
    threads: null,
    lowPriority: false,
    memoryBytes: null,
    historyCap: 2e9,
    exportFolder: null,
    export: {
      format: 'png',
      depth: 8,
      quality: 92,
      pyramid: false,
      size: { unit: 'own' },
      dpi: 300,
      profile: 'srgb',
      exif: true,
      removePosition: true,
      recipe: true,
      nameTemplate: '{photo} {style}',
      onConflict: 'number',
    },
    singleKeyShortcuts: true,
  },
  devices: { verdicts: [{ provider: 'cpu', outcome: 'works' }], probing: false, chosen: 'cpu' },
  ...changes,
});
