/**
 * What is tiled by itself. Layers that share no weights share nothing worth keeping together, and each needs its own overlap: the
 * octaves of a network, for instance, see the picture in several sizes, and those of the smallest reach furthest.
 */
import { MadderError } from '../../../shared/errors.ts';
import { withFeatures, IMAGE, ownInput, type NetworkUse, type ObjectiveShape } from '../objective/assemble.ts';
import type { RunSize } from '../objective/objective.ts';
import { commonPlacements, placementsOf, type Placement } from './margins.ts';
import { commonMultiple, type TiledValue, type TilingProblem } from './plan.ts';

/** Terms that are evaluated in one graph, and how pictures may be cut for it. */
export interface Part {
  readonly shape: ObjectiveShape;
  readonly problem: TilingProblem;
}

/** Sides from which on tiles are alike, px: those at which positions are counted. */
const MEASURED = [512, 1024] as const;

const NO_VARIATION = { quadratic: false, l1: false } as const;
/** The key of pixels: variation terms belong to no network. */
const PIXELS = ownInput({ network: '', layer: '' });

/**
 * The parts of an objective for pictures of one size.
 * @throws MadderError naming the node that makes a network's layers depend on the whole picture
 */
export function partsOf({ networks, variation, regions }: ObjectiveShape, size: RunSize): Part[] {
  const parts = networks
    .filter((use) => use.style.length + use.content.length > 0)
    .flatMap((use) => independentUses(use, size))
    .map((use): Part => ({
      shape: { networks: [use], variation: NO_VARIATION, regions },
      problem: problemOf(use, size),
    }));
  if (!variation.quadratic && !variation.l1) return parts;
  // A difference belongs to the left or upper one of its two pixels.
  const course = (dim: number) => ({ dim, stride: 1, low: 0, high: 1 });
  const pixels: TiledValue = { placement: [course(2), course(3)], positions: [size.height, size.width] };
  const problem: TilingProblem = {
    picture: [size.height, size.width],
    alignment: 1,
    measured: [size.height, size.width],
    values: new Map([[PIXELS, pixels]]),
  };
  return [...parts, { shape: { networks: [], variation }, problem }];
}

/** A use of a network for each group of its layers that has weights in common. */
function independentUses(use: NetworkUse, size: RunSize): NetworkUse[] {
  const layers = [...new Set([...use.style, ...use.content])];
  const { graph, features } = withFeatures([use], size);
  const groups: { readonly weighted: Set<string>; readonly layers: Set<string> }[] = [];
  for (const layer of layers) {
    const weighted = new Set<string>();
    const seen = new Set<string>();
    const open = [features({ network: use.key, layer })];
    for (let value = open.pop(); value !== undefined; value = open.pop()) {
      const node = graph.producer(value);
      if (!node || seen.has(value)) continue;
      seen.add(value);
      if (node.inputs.some((input) => (graph.tensor(input)?.dims.length ?? 0) > 1)) weighted.add(value);
      open.push(...node.inputs);
    }
    const own = { weighted, layers: new Set([layer]) };
    for (const group of groups.filter((g) => [...g.weighted].some((value) => weighted.has(value)))) {
      for (const value of group.weighted) own.weighted.add(value);
      for (const name of group.layers) own.layers.add(name);
      groups.splice(groups.indexOf(group), 1);
    }
    groups.push(own);
  }
  return groups.map((group) => ({
    ...use,
    style: use.style.filter((layer) => group.layers.has(layer)),
    content: use.content.filter((layer) => group.layers.has(layer)),
  }));
}

function problemOf(use: NetworkUse, size: RunSize): TilingProblem {
  const build = ([height, width]: readonly [number, number]) => withFeatures([use], { height, width });
  const picture = [size.height, size.width] as const;
  const alignment = commonMultiple([...placementsOf(build(picture).graph, IMAGE).values()].flat().map(wholeMultiple));
  // At least eight positions of the coarsest layer, however large its stride.
  const like = (side: number, px: number) =>
    alignment * Math.max(Math.ceil(px / alignment), px / 64) + (side % alignment);
  const [small, large] = MEASURED.map((px) => [like(picture[0], px), like(picture[1], px)] as const) as [
    readonly [number, number],
    readonly [number, number],
  ];
  const placements = commonPlacements((at) => build(at).graph, IMAGE, [small, large]);
  const { graph, features } = build(small);
  const values = new Map<string, TiledValue>();
  for (const layer of new Set([...use.style, ...use.content])) {
    const term = { network: use.key, layer };
    const value = features(term);
    const placement = placements.get(value);
    if (!isPicture(placement, graph.dims(value))) {
      throw new MadderError(
        'network',
        `The layer ${layer} of ${use.network.name} has no rows and columns, so it cannot be painted in tiles; choose others, or a size that fits the memory.`,
      );
    }
    values.set(ownInput(term), { placement, positions: [graph.dims(value)[2]!, graph.dims(value)[3]!] });
  }
  return { picture, alignment, measured: small, values };
}

const isPicture = (placement: Placement | undefined, dims: readonly number[]): placement is Placement =>
  dims.length === 4 && placement?.[0].dim === 2 && placement[1].dim === 3;

/** The smallest multiple of a stride that is a whole number of pixels: behind an enlargement, a stride may be 3/2. */
function wholeMultiple({ stride }: { readonly stride: number }): number {
  for (let n = 1; n <= 64; n++) if (Number.isInteger(n * stride)) return n * stride;
  throw new MadderError('network', `A layer has a stride of ${stride} pixels, which cannot be painted in tiles.`);
}
