import { expect, test } from 'vitest';
import { firstMember, groupNetworks, matchesSearch, placeIn } from '../../../src/renderer/features/networks/groups.ts';
import { batchDocuments } from '../../../src/renderer/features/queue/batch-documents.ts';
import { scaleOfStep, stepOfScale } from '../../../src/renderer/features/styles/scale.ts';
import { emptyDocument } from '../../../src/shared/studio/document.ts';
import { networks } from './fake/full-studio.ts';
import { NETWORK, picture } from './fake/snapshot.ts';

test('a robust family is one card, from standard to most robust', async () => {
  const groups = groupNetworks(await networks());
  const family = groups.find(({ id }) => id === 'robust-resnet50-l2')!;
  const labels = family.members.map((member) => placeIn(member, family.id)?.label);
  expect([labels[0], labels.at(-1)]).toEqual(['standard', 'ε 5']);
  // The one that is installed is where it begins.
  expect(firstMember(family, 'other').id).toBe('robust-resnet50-l2-eps3');
  expect(firstMember(family, 'robust-resnet50-l2-eps1').id).toBe('robust-resnet50-l2-eps1');
  expect(matchesSearch(family, 'bold strokes')).toBe(true);
  expect(matchesSearch(family, 'woodcut')).toBe(false);
});

test('families that begin with the same standard network have it each', async () => {
  const groups = groupNetworks(await networks());
  const [l2, linf] = ['robust-resnet50-l2', 'robust-resnet50-linf'].map((id) =>
    groups.find((group) => group.id === id)!,
  );
  expect([l2!.name, linf!.name]).toEqual(['ResNet-50, L2', 'ResNet-50, Linf']);
  expect(linf!.members[0]).toBe(l2!.members[0]);
  const labels = linf!.members.map((member) => placeIn(member, linf!.id)?.label);
  expect(labels).toEqual(['standard', 'ε 0.5', 'ε 1', 'ε 2', 'ε 4', 'ε 8']);
  expect(firstMember(linf!, l2!.members[0]!.id)).toBe(l2!.members[0]);
  expect([l2, linf].map((group) => matchesSearch(group!, 'resnet-50 l2'))).toEqual([true, false]);
});

test('twins that are named so share a card', async () => {
  const twins = groupNetworks(await networks()).find(({ id }) => id === 'madder-resnet')!;
  expect(twins).toMatchObject({ name: 'Madder ResNet' });
  expect(twins.members.map(({ id }) => id)).toEqual(['madder-resnet-standard', 'madder-resnet-robust']);
  expect(groupNetworks([NETWORK])).toEqual([{ id: NETWORK.id, name: NETWORK.name, members: [NETWORK] }]);
});

test('a batch has a document for each photo, or for each painting', () => {
  const style = { picture: picture('b'), weight: 0.5, scale: 2, mask: null };
  const document = { ...emptyDocument(NETWORK.id), photo: picture('a'), styles: [style, style] };
  const pictures = [picture('c'), picture('d')];
  expect(batchDocuments(document, 'photos', pictures).map(({ photo }) => photo)).toEqual(pictures);
  expect(batchDocuments(document, 'paintings', pictures).map(({ styles }) => styles)).toEqual(
    pictures.map((painting) => [{ picture: painting, weight: 1, scale: 2, mask: null }]),
  );
});

test('the slider of strokes is even to the eye and stays in bounds', () => {
  expect([-20, 0, 10, 20].map(scaleOfStep)).toEqual([0.25, 1, 2, 4]);
  for (let step = -20; step <= 20; step++) expect(stepOfScale(scaleOfStep(step))).toBe(step);
});
