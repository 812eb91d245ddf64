import { gigabytes } from '../../../shared/amounts.ts';
import { MadderError } from '../../../shared/errors.ts';
import {
  assembleObjective,
  assembleStatistics,
  ownInput,
  type AssembleOptions,
  type ObjectiveShape,
  type Term,
} from '../objective/assemble.ts';
import type { RunSize } from '../objective/objective.ts';
import type { Graph } from '../graph/graph.ts';
import { costAt, sessionCost, type SessionCost } from './memory.ts';
import { partsOf, type Part } from './parts.ts';
import { planTiles, tileSize, type Rectangle, type Tile, type TilePlan } from './plan.ts';

/** The kinds of work that a part has a session of its own for. */
export type Work = 'grams' | 'features' | 'gradient';

/** A part of an objective with the tiles that it is evaluated in. */
export interface PlannedPart extends Part {
  readonly plan: TilePlan;
  /** Of the sessions that it needs, each with tiles of any size. */
  readonly costs: ReadonlyMap<Work, SessionCost>;
}

/** A tile's positions of a layer in the picture's. */
export interface Placed {
  /** Those that no other tile owns, counted from the tile's first one. */
  readonly own: Rectangle;
  /** The tile's first one, counted from the picture's. */
  readonly origin: { readonly top: number; readonly left: number };
}

type CostedPart = Omit<PlannedPart, 'plan'>;

export interface TilingOptions {
  /** Whether graphs keep the CPU provider in its blocked layout. */
  readonly blockedLayout: boolean;
  /** Only Gram matrices are wanted, of pictures that are not changed. */
  readonly measureOnly?: boolean;
  /** What a tile may own along each axis at most, px, whatever memory there is. */
  readonly inner?: number;
}

/**
 * The piece of the picture that a tile sees, and that of the tile before, which waits to be collected, bytes per pixel. Where a gradient
 * is wanted, it comes in such pieces too.
 */
const TILE_BYTES = 2 * 12;
/** Smaller tiles are nearly all overlap, px. */
const SMALLEST_INNER = 64;
/** How much more than the picture's area tiles may cover before one session at a time, in larger tiles, is the better choice. */
const MOST_OVERLAP = 1.5;

/** How pictures of one size are cut for an objective. */
export class Tiling {
  readonly size: RunSize;
  readonly parts: readonly PlannedPart[];
  /** Whether the sessions of all parts may stay open; otherwise each is closed when its tiles are done. */
  readonly keepsSessions: boolean;

  /** For `of` and `fit`. */
  constructor(size: RunSize, parts: readonly PlannedPart[], keepsSessions: boolean) {
    this.size = size;
    this.parts = parts;
    this.keepsSessions = keepsSessions;
  }

  /**
   * Tiles that own at most so much of the picture along each axis; larger ones where layers see a shrunken picture, so that they
   * take no more memory.
   * @param inner px
   * @throws MadderError naming the node that makes a network's layers depend on the whole picture
   */
  static of(shape: ObjectiveShape, size: RunSize, inner: number, options: TilingOptions): Tiling {
    const parts = costedParts(shape, size, options);
    if (parts.length === 0) return new Tiling(size, [], true);
    const most = Math.max(...parts.map(ratePerPixel));
    const planned = parts.map((part) => inTiles(part, Math.round(inner * Math.sqrt(most / ratePerPixel(part)))));
    return new Tiling(size, planned, true);
  }

  /**
   * The largest tiles whose sessions fit into `bytes`: all at once, or one at a time where that would make tiles small.
   * @throws MadderError naming the node that makes a network's layers depend on the whole picture, and with figures where no tile fits
   */
  static fit(shape: ObjectiveShape, size: RunSize, bytes: number, options: TilingOptions): Tiling {
    const parts = costedParts(shape, size, options);
    if (parts.length === 0) return new Tiling(size, [], true);
    // The largest tile of all parts decides how small the others have to be: a budget for each that all together keep.
    for (let share = bytes; share > bytes / (4 * parts.length + 4); share *= 0.9) {
      const tiling = withinEach(parts, size, share, options, true);
      if (!tiling || tiling.coverage > MOST_OVERLAP) break;
      if (tiling.bytes <= bytes) return tiling;
    }
    const oneByOne = withinEach(parts, size, bytes, options, false);
    if (oneByOne) return oneByOne;
    const least = Math.max(...parts.map((part) => bytesOfTiles(part, SMALLEST_INNER)));
    throw new MadderError(
      'runtime',
      `The smallest pieces of a picture of ${size.width} x ${size.height} px need ${gigabytes(least)} of memory and ${gigabytes(Math.max(0, bytes))} are left for them; choose a smaller size, finer layers or more memory.`,
    );
  }

  /** Bytes of the sessions that are open at the same time, at the worst moment. */
  get bytes(): number {
    if (!this.keepsSessions) return Math.max(...this.parts.map(mostBytes));
    const kept = (part: PlannedPart, work: Work) => {
      const cost = part.costs.get(work);
      return cost ? costAt(cost, area(part)) : 0;
    };
    const photo = Math.max(...this.parts.map((part) => kept(part, 'features')));
    return this.parts.reduce((sum, part) => sum + kept(part, 'grams') + kept(part, 'gradient'), photo);
  }

  /** Area of all tiles of the part that takes most, divided by the picture's. */
  get coverage(): number {
    const { heaviest } = this;
    return (heaviest.plan.tiles.length * area(heaviest)) / (this.size.width * this.size.height);
  }

  /** Side of the square that is as large as what a tile owns of the picture in the part that takes most, px. */
  get inner(): number {
    return Math.sqrt((this.size.width * this.size.height) / this.heaviest.plan.tiles.length);
  }

  /** The part that takes most memory per pixel. */
  get heaviest(): PlannedPart {
    return this.parts.toSorted((a, b) => ratePerPixel(b) - ratePerPixel(a))[0]!;
  }

  /** Tiles of one evaluation, counting each as often as it is looked at. */
  get tiles(): number {
    const times = ({ costs }: PlannedPart) => Number(costs.has('grams')) + Number(costs.has('gradient'));
    return this.parts.reduce((sum, part) => sum + part.plan.tiles.length * times(part), 0);
  }

  /** Positions of a layer in the whole picture. */
  positions(term: Pick<Term, 'network' | 'layer'>): number {
    const [rows, columns] = this.extent(term);
    return rows * columns;
  }

  /** Rows and columns of a layer in the whole picture. */
  extent(term: Pick<Term, 'network' | 'layer'>): readonly [number, number] {
    const name = ownInput(term);
    for (const { plan } of this.parts) {
      const found = plan.positions.get(name);
      if (found) return found;
    }
    throw new Error(`no part has ${name}`);
  }

  /** Where a tile's positions of a layer are. */
  placed({ problem }: PlannedPart, { own, picture }: Tile, term: Pick<Term, 'network' | 'layer'>): Placed {
    const name = ownInput(term);
    const [rows, columns] = problem.values.get(name)!.placement;
    return { own: own.get(name)!, origin: { top: picture.top / rows.stride, left: picture.left / columns.stride } };
  }

  /** Of a layer, in every tile of a part. */
  layerSize({ problem, plan }: PlannedPart, term: Pick<Term, 'network' | 'layer'>): RunSize {
    const { placement, positions } = problem.values.get(ownInput(term))!;
    const along = (axis: 0 | 1, side: number) =>
      positions[axis] + (side - problem.measured[axis]) / placement[axis].stride;
    return { height: along(0, plan.height), width: along(1, plan.width) };
  }

  /** The graph of one kind of work on a part's tiles. */
  graph(part: PlannedPart, work: Work, blockedLayout: boolean): Graph {
    const { height, width } = this.size;
    const whole = {
      positions: (term: Pick<Term, 'network' | 'layer'>) => this.positions(term),
      values: 3 * height * width,
    };
    return assemble(part, work, { height: part.plan.height, width: part.plan.width, blockedLayout, whole });
  }
}

const area = ({ plan }: PlannedPart): number => plan.width * plan.height;

const ratePerPixel = ({ costs }: CostedPart): number => Math.max(...[...costs.values()].map((cost) => cost.perPixel));

const mostBytes = (part: PlannedPart): number =>
  Math.max(...[...part.costs.values()].map((cost) => costAt(cost, area(part))));

/** The same of tiles that own so much along each axis, px. */
function bytesOfTiles({ problem, costs }: CostedPart, inner: number): number {
  const { width, height } = tileSize(problem, inner);
  return Math.max(...[...costs.values()].map((cost) => costAt(cost, width * height)));
}

const inTiles = (part: CostedPart, inner: number): PlannedPart => ({
  ...part,
  plan: planTiles(part.problem, [inner, inner]),
});

function assemble({ shape }: Pick<Part, 'shape'>, work: Work, options: AssembleOptions): Graph {
  if (work === 'gradient') return assembleObjective(shape, options);
  const networks = shape.networks.map((use) => ({ ...use, [work === 'grams' ? 'content' : 'style']: [] }));
  return assembleStatistics(networks, options, work === 'grams' ? shape.regions : undefined);
}

/** What was worked out for a shape: whoever looks for the memory that a picture needs asks for the same again and again. */
const costed = new WeakMap<ObjectiveShape, Map<string, CostedPart[]>>();

function costedParts(shape: ObjectiveShape, size: RunSize, options: TilingOptions): CostedPart[] {
  const { blockedLayout, measureOnly = false } = options;
  const known = costed.get(shape) ?? new Map<string, CostedPart[]>();
  costed.set(shape, known);
  const key = `${size.width} ${size.height} ${blockedLayout} ${measureOnly}`;
  const parts = known.get(key) ?? costParts(shape, size, options);
  // The newest only: what they hold grows with every size.
  known.clear();
  known.set(key, parts);
  return parts;
}

function costParts(
  shape: ObjectiveShape,
  size: RunSize,
  { blockedLayout, measureOnly = false }: TilingOptions,
): CostedPart[] {
  return partsOf(shape, size).map((part) => {
    const [height, width] = part.problem.measured;
    const whole = { positions: () => 1, values: 3 * size.width * size.height };
    const has = (role: 'style' | 'content') => part.shape.networks.some((use) => use[role].length > 0);
    const works: Work[] = [
      ...(has('style') ? (['grams'] as const) : []),
      ...(has('content') && !measureOnly ? (['features'] as const) : []),
      ...(measureOnly ? [] : (['gradient'] as const)),
    ];
    const costs = works.map((work): [Work, SessionCost] => {
      const graph = assemble(part, work, { height, width, blockedLayout, whole });
      const { fixed, perPixel } = sessionCost(graph, height * width, blockedLayout);
      return [work, { fixed, perPixel: perPixel + (work === 'gradient' ? 2 * TILE_BYTES : TILE_BYTES) }];
    });
    return { ...part, costs: new Map(costs) };
  });
}

/** Every part in the largest tiles of which no session takes more than `bytes`; undefined where a part has none. */
function withinEach(
  parts: readonly CostedPart[],
  size: RunSize,
  bytes: number,
  { inner = Infinity }: TilingOptions,
  keepsSessions: boolean,
): Tiling | undefined {
  const planned: PlannedPart[] = [];
  for (const part of parts) {
    const long = Math.max(size.width, size.height);
    let found: PlannedPart | undefined;
    // Pictures that are smaller themselves are one tile.
    const isTile = (count: number) => count === 1 || long / count >= SMALLEST_INNER;
    for (let count = Math.max(1, Math.ceil(long / inner)); isTile(count) && !found; count++) {
      const side = Math.ceil(long / count);
      if (bytesOfTiles(part, side) <= bytes) found = inTiles(part, side);
    }
    if (!found) return undefined;
    planned.push(found);
  }
  return new Tiling(size, planned, keepsSessions);
}
