import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { catalogueSchema } from '../../../../src/shared/catalogue.ts';
import { catalogue, catalogueEntry } from '../../../../src/main/services/library/catalogue.ts';
import { IMAGENET_NORMALIZATION } from '../../../../src/shared/network-manifest.ts';
import { planUntil, planWeights, type WeightsPlan } from '../../../../src/main/services/library/plan.ts';
import { SHAPES } from '../../../support/network-shapes.ts';

const { networks, families } = await catalogue();

/** Entries of tensors that lie nowhere: planning needs names and shapes only. */
const entriesOf = (architecture: string) =>
  new Map(
    [...SHAPES[architecture]!()].map(([name, dims]) => {
      const type = name.endsWith('num_batches_tracked') ? ('int64' as const) : ('float32' as const);
      return [name, { name, type, dims, begin: 0, end: 0 }];
    }),
  );

describe('the catalogue', () => {
  it('holds the networks that artists ask for', () => {
    const ids = networks.map(({ id }) => id);
    for (const id of [
      'vgg19',
      'vgg16',
      'alexnet',
      'squeezenet1_1',
      'googlenet',
      'resnet50',
      'resnet50-v2',
      'resnet18',
      'wide-resnet50-2',
      'restricted-resnet50-robust',
    ]) {
      expect(ids).toContain(id);
    }
    for (const net of ['resnet18', 'resnet50', 'wide-resnet50-2', 'wide-resnet50-4']) {
      const { members } = families.find(({ id }) => id === `robust-${net}-l2`)!;
      expect(members.map((m) => m.epsilon)).toEqual([0, 0.01, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 3, 5]);
    }
    for (const net of ['resnet18', 'resnet50', 'wide-resnet50-2']) {
      const { members } = families.find(({ id }) => id === `robust-${net}-linf`)!;
      expect(members.map((m) => m.epsilon)).toEqual([0, 0.5, 1, 2, 4, 8]);
      expect(members[0]!.id).toBe(`robust-${net}-l2-eps0`);
    }
    for (const net of ['vgg16-bn', 'densenet161', 'mobilenet-v2', 'resnext50', 'shufflenet-v2']) {
      const { members } = families.find(({ id }) => id === `robust-${net}-l2`)!;
      expect(members.map((m) => m.epsilon)).toEqual([0, 3]);
    }
  });

  it('names no address twice, and says something of every network', () => {
    const urls = networks.flatMap(({ sources }) => sources.map(({ url }) => url));
    expect(new Set(urls).size).toBe(urls.length);
    for (const { description, licence, citation } of networks) {
      expect(description).toMatch(/^[A-Z].*\.$/);
      expect(licence).not.toBe('');
      expect(citation).not.toBe('');
    }
  });

  it.each([...new Set(networks.map(({ architecture }) => architecture))])(
    'names layers that %s has, fine to coarse',
    (architecture) => {
      for (const entry of networks.filter((n) => n.architecture === architecture)) {
        const plan = planWeights(entriesOf(architecture), entry.normalization, entry.id);
        expect(plan.architecture).toBe(architecture);
        const names = plan.template.layers.map((layer) => layer.name);
        expect(names).toEqual(expect.arrayContaining(entry.layers));
        expect(names.filter((name) => entry.layers.includes(name))).toEqual(entry.layers);
        expect(plan.unused.every((name) => name.endsWith('num_batches_tracked'))).toBe(true);
      }
    },
  );

  it('advises on misspelt ids', async () => {
    await expect(catalogueEntry('vgg-19')).rejects.toThrow(/no network "vgg-19"; the nearest are vgg19, /);
  });
});

describe('planUntil', () => {
  const plan = (architecture: string) => planWeights(entriesOf(architecture), IMAGENET_NORMALIZATION, 'weights');
  const until = (architecture: string, layer: string) =>
    planUntil(layer, plan(architecture), IMAGENET_NORMALIZATION, 'weights');

  it.each([
    ['vgg19', 'relu4_2', 'features.21.bias'],
    ['vgg16_bn', 'relu2_1', 'features.8.running_var'],
    ['resnet50', 'relu4_x', 'layer3.5.bn3.running_var'],
    ['resnet18', 'relu3_x', 'layer2.1.bn2.running_var'],
  ])('cuts %s off behind %s', (architecture, layer, deepest) => {
    const cut = until(architecture, layer);
    expect([...cut.needed.keys()].at(-1)).toBe(deepest);
    const place = ({ template }: WeightsPlan) => template.layers.findIndex(({ name }) => name === layer);
    expect(cut.template.layers.slice(0, place(cut) + 1)).toEqual(
      plan(architecture).template.layers.slice(0, place(plan(architecture)) + 1),
    );
  });

  it('says where that cannot be', () => {
    expect(() => until('googlenet', 'conv3')).toThrow(/googlenet cannot be cut off behind "conv3"/);
    expect(() => until('vgg19', 'relu9_9')).toThrow(/no layer "relu9_9"/);
  });
});

describe('catalogueSchema', () => {
  const read = async () =>
    JSON.parse(await readFile('models/catalogue.json', 'utf8')) as {
      families: { members: string[] }[];
      networks: Record<string, unknown>[];
    };

  it.each<[string, (value: Awaited<ReturnType<typeof read>>) => void, RegExp]>([
    ['two networks of one id', (c) => c.networks.push({ ...c.networks[0] }), /two networks "vgg19"/],
    ['a model that comes later', (c) => (c.networks[1]!['like'] = 'resnet18'), /"vgg16" is like "resnet18"/],
    ['a layer that is not listed', (c) => (c.networks[0]!['styleLayers'] = { relu9_9: 1 }), /relu9_9/],
    ['a family out of order', (c) => c.families[0]!.members.reverse(), /no baseline/],
    ['an unknown member', (c) => c.families[0]!.members.push('nobody'), /"nobody"/],
    [
      'a hash that is none',
      (c) => (c.networks[0]!['sources'] = [{ url: 'https://a.b/c', sha256: 'x' }]),
      /hexadecimal/,
    ],
    ['an address of a file', (c) => (c.networks[0]!['sources'] = [{ url: 'file:///etc/passwd' }]), /URL/],
  ])('refuses %s', async (_what, spoil, words) => {
    const value = await read();
    spoil(value);
    const issues = catalogueSchema.safeParse(value).error?.issues.map(({ message }) => message) ?? [];
    expect(issues.join('\n')).toMatch(words);
  });
});
