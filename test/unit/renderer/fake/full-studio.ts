import { readFile } from 'node:fs/promises';
import { catalogueSchema } from '../../../../src/shared/catalogue.ts';
import type { Preset } from '../../../../src/shared/preset.ts';
import { recipeSchema } from '../../../../src/shared/recipe.ts';
import type { Job, NetworkCard, PresetEntry, Result, Snapshot } from '../../../../src/shared/studio/contract.ts';
import { emptyDocument, type StudioDocument, type StudioPicture } from '../../../../src/shared/studio/document.ts';
import { NETWORK } from './snapshot.ts';

/** A studio in use: every list has something in it, and every state of a job or network is there once. */

const RESNET_LAYERS = ['relu1', 'relu2_x', 'relu3_x', 'relu4_x', 'relu5_x'];

/** A network with a ResNet's layers that can paint. */
export const RESNET: NetworkCard = {
  ...NETWORK,
  id: 'madder-resnet-standard',
  name: 'Madder ResNet, standard',
  description: 'The twin without robust training: colour and grain rather than strokes.',
  layers: RESNET_LAYERS.map((name, i) => ({ name, label: name, stride: 2 ** i, receptiveField: 10 * 2 ** i })),
  suggested: {
    ...NETWORK.suggested,
    styleLayers: { relu2_x: 1, relu3_x: 1, relu4_x: 1, relu5_x: 1 },
    contentLayers: { relu4_x: 1 },
  },
};

const ROBUST: NetworkCard = {
  ...RESNET,
  id: 'madder-resnet-robust',
  name: 'Madder ResNet, robust',
  description: 'Bold strokes that hold together, from the same training with attacks.',
};

/** Those that come along, one that was installed, and the catalogue's. */
export async function networks(): Promise<NetworkCard[]> {
  const { networks: entries, families } = catalogueSchema.parse(
    JSON.parse(await readFile('models/catalogue.json', 'utf8')),
  );
  const available = entries.map((entry): NetworkCard => {
    const installed = entry.id === 'robust-resnet50-l2-eps3';
    return {
      ...NETWORK,
      id: entry.id,
      name: entry.name,
      description: entry.description,
      licence: entry.licence,
      citation: entry.citation,
      state: installed ? 'installed' : 'available',
      bytes: entry.sources[0]!.bytes ?? entry.sources[0]!.approximateBytes ?? 0,
      layers: installed ? RESNET.layers : [],
      suggested: { ...NETWORK.suggested, styleLayers: entry.styleLayers, contentLayers: entry.contentLayers },
      families: families.flatMap(({ id, label, members }) => {
        const position = members.findIndex((member) => member.id === entry.id);
        if (position < 0) return [];
        const { epsilon } = members[position]!;
        return [{ id, name: label, position, label: epsilon === 0 ? 'standard' : `ε ${epsilon}` }];
      }),
    };
  });
  return [{ ...NETWORK, sample: true }, RESNET, ROBUST, ...available];
}

const preset = (name: string, description: string, more: Partial<Preset> = {}): Preset => ({
  version: 1,
  name,
  description,
  ...more,
});

const PRESETS: readonly PresetEntry[] = [
  {
    id: 'nakano-2019-vgg-19',
    builtIn: true,
    favourite: true,
    thumbnail: false,
    value: preset(
      'Nakano 2019, VGG-19',
      'The classic look that the article measures the others by: flowing strokes, colours that stay clean.',
      {
        citation:
          'Nakano, "A Discussion of \'Adversarial Examples Are Not Bugs, They Are Features\': Adversarially Robust Neural Style Transfer", Distill 2019',
        notes: ["The article's grid of pictures also has style weights of 1e4 to 1e10, by tens."],
        networkArchitecture: 'vgg19',
        objective: {
          style: 4e6,
          content: 1,
          styleLayers: { conv1_1: 1, conv2_1: 1, conv3_1: 0.8, conv4_1: 0.5, conv5_1: 0.2 },
          contentLayers: { conv4_2: 1 },
        },
        schedule: { size: 512, side: 'short', levels: [{ factor: 1, evaluations: 100 }] },
      },
    ),
  },
  {
    id: 'gatys-2015',
    builtIn: true,
    favourite: false,
    thumbnail: false,
    value: preset(
      'Gatys 2015',
      'The picture that started it all: from noise to strokes, slowly, with soft transitions.',
    ),
  },
  {
    id: 'neural-style',
    builtIn: true,
    favourite: false,
    thumbnail: false,
    value: preset('neural-style', 'The defaults that a generation of pictures was made with: crisp strokes.'),
  },
  {
    id: 'broad',
    builtIn: false,
    favourite: false,
    thumbnail: true,
    value: preset('Broad evening strokes', 'Large shapes first, little of the photo.', {
      objective: { style: 3, styleLayers: { relu3_1: 1, relu4_1: 1 } },
      schedule: { size: 1024, side: 'long', levels: [{ factor: 1, evaluations: 60 }] },
    }),
  },
  {
    id: 'fine',
    builtIn: false,
    favourite: false,
    thumbnail: true,
    value: preset('Fine grain for portraits', 'Small strokes, much of the photo.'),
  },
];

const recipe = ({ photo, styles, network }: StudioDocument): Result['recipe'] =>
  recipeSchema.parse({
    version: 1,
    content: photo,
    styles: styles.map(({ picture, weight, scale }) => ({ image: picture, weight, scale })),
    networks: { style: { id: network, sha256: '0'.repeat(64) } },
    objective: { style: 1, content: 0.07, styleLayers: { relu1_1: 1 }, contentLayers: { relu4_2: 1 } },
    schedule: { size: 1024, levels: [{ factor: 1, evaluations: 50 }] },
    optimizer: { kind: 'adam' },
    init: { kind: 'content' },
  });

const NAMES = [
  'Mountain Lake, Lighthouse at Night',
  'Lake as a window',
  'Lake, woodcut',
  'Poppies over the lake',
  'Points',
];

/** @param samples the server's own, whose pictures stand in for painted ones too */
export async function fullStudio(samples: Snapshot['samples']): Promise<Partial<Snapshot>> {
  const [photo] = samples.filter(({ kind }) => kind === 'photo').slice(1);
  const paintings = samples.filter(({ kind }) => kind === 'painting');
  const document: StudioDocument = {
    ...emptyDocument(NETWORK.id),
    photo: photo!.picture,
    styles: paintings
      .slice(0, 2)
      .map(({ picture }, i) => ({ picture, weight: i === 0 ? 1 : 0.5, scale: i === 0 ? 1 : 1.5, mask: null })),
    preset: { id: 'broad', value: PRESETS[3]!.value },
    settings: { style: 4 },
  };
  const results = NAMES.map((name, i): Result => ({
    id: `result-${i}`,
    name,
    createdAt: Date.UTC(2026, 10, 23 - i, 9, 12 * i),
    width: 1536,
    height: 1024,
    bytes: 18_400_000 + 1_000_000 * i,
    completed: i !== 2,
    seconds: 74 + 30 * i,
    document,
    recipe: recipe(document),
  }));
  const job = (id: string, state: Job['state'], more: Partial<Job> = {}): Job => ({
    id,
    name: `${paintings[id.length % 5]!.title}, ${photo!.title}`,
    state,
    createdAt: 0,
    document,
    preview: 0,
    notes: [],
    ...more,
  });
  const progress = {
    level: 1,
    levels: 3,
    width: 1024,
    height: 683,
    evaluation: 31,
    evaluations: 82,
    total: 31,
    loss: 0.02,
    terms: [],
    seconds: 40,
    secondsLeft: 66,
    memoryBytes: 2e9,
  };
  return {
    document,
    networks: await networks(),
    presets: [...PRESETS],
    results,
    jobs: [
      job('running', 'running', { preview: 4, progress }),
      job('next', 'waiting'),
      job('later', 'waiting'),
      job('broken', 'failed', {
        problem: { kind: 'output', message: 'There is too little room on the disk; free some space and try again.' },
      }),
      job('finished', 'done', { result: 'result-1' }),
    ],
  };
}

/** Files that stand in for painted pictures, by the kinds and ids of the studio above. */
export function paintedFiles(samples: Snapshot['samples'], files: ReadonlyMap<string, string>): Map<string, string> {
  const paintings = samples
    .filter(({ kind }) => kind === 'painting')
    .map(({ picture }: { picture: StudioPicture }) => picture);
  const file = (i: number): string => files.get(paintings[i % paintings.length]!.sha256)!;
  return new Map([
    ...NAMES.flatMap((_, i): [string, string][] => [
      [`result/result-${i}`, file(i)],
      [`result-thumbnail/result-${i}`, file(i)],
    ]),
    ['preview/running', file(0)],
    ['preset-thumbnail/broad', file(4)],
    ['preset-thumbnail/fine', file(3)],
    [`network-sample/${NETWORK.id}`, file(0)],
  ]);
}
