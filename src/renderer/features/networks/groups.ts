import type { NetworkCard } from '../../../shared/studio/contract.ts';

/** What one card stands for: a network, or a family whose members differ in robustness only. */
export interface NetworkGroup {
  readonly id: string;
  readonly name: string;
  /** From standard to most robust; one for a network of its own. */
  readonly members: readonly NetworkCard[];
}

/** Networks of which there is a standard and a robust version are named so. */
const TWIN = /^(.+)-(standard|robust)$/;

/** The cards in the order of their first networks. A network that several families begin with is on the card of each. */
export function groupNetworks(cards: readonly NetworkCard[]): NetworkGroup[] {
  const ids = new Set(cards.map(({ id }) => id));
  const groups = new Map<string, NetworkCard[]>();
  for (const card of cards) {
    for (const key of groupsOf(card, ids)) groups.set(key, [...(groups.get(key) ?? []), card]);
  }
  return [...groups].map(([id, members]) => {
    const sorted = [...members].sort((a, b) => positionOf(a, id) - positionOf(b, id));
    return { id, name: nameOf(sorted, id), members: sorted };
  });
}

function groupsOf({ id, families }: NetworkCard, ids: ReadonlySet<string>): string[] {
  if (families.length > 0) return families.map((family) => family.id);
  const [, stem, which] = TWIN.exec(id) ?? [];
  const twin = stem !== undefined && ids.has(`${stem}-${which === 'robust' ? 'standard' : 'robust'}`);
  return [twin ? stem : id];
}

/** A network's place in the family that a group stands for. */
export const placeIn = ({ families }: NetworkCard, group: string): NetworkCard['families'][number] | undefined =>
  families.find(({ id }) => id === group);

const positionOf = (card: NetworkCard, group: string): number =>
  placeIn(card, group)?.position ?? (card.id.endsWith('-robust') ? 1 : 0);

function nameOf(members: readonly NetworkCard[], group: string): string {
  const [first, last] = [members[0]!, members.at(-1)!];
  if (members.length === 1) return first.name;
  const family = placeIn(first, group);
  if (family) return family.name;
  // What both names begin with, up to the word that tells them apart.
  const words = first.name.split(' ');
  const other = last.name.split(' ');
  const common = words.filter(
    (word, i) =>
      words.slice(0, i + 1).every((w, k) => w.replace(/,$/, '') === other[k]?.replace(/,$/, '')) && word !== '',
  );
  return common.join(' ').replace(/,$/, '') || first.name;
}

/** The member to begin with: the one in use, or the most robust of those that can paint, or ε 3, or the most robust. */
export function firstMember({ id: group, members }: NetworkGroup, used: string): NetworkCard {
  const ready = members.filter(isReady);
  return (
    members.find(({ id }) => id === used) ??
    ready.at(-1) ??
    members.find((member) => placeIn(member, group)?.label === 'ε 3') ??
    members.at(-1)!
  );
}

export const isReady = ({ state }: Pick<NetworkCard, 'state'>): boolean => state !== 'available';

/** Whether a search finds the group: every word in the names or descriptions of one of its members. */
export function matchesSearch({ id: group, name, members }: NetworkGroup, search: string): boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return members.some((member) => {
    // A network that several families begin with is named after the first of them.
    const named = member.families.length === 0 || member.families[0]!.id === group;
    const text = [name, member.name, member.description, named ? member.id : ''].join(' ').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
