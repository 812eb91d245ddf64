import { use, useMemo, useRef } from 'react';
import { useDocument, useProgram } from '../../app/program.ts';
import { GestureContext, type Gesture } from '../../components/gesture.ts';
import { useEffective, useNetwork } from '../../stores/selectors.ts';
import { setLayers } from './edits.ts';
import { inOrder, moveTogether, tidy, TOP, unitOf, type LayerWeights } from './weights.ts';

export interface Strip {
  readonly name: string;
  /** As the network has it; see `useLayerWords`. */
  readonly label: string;
  /** In percent of a fader at its mark. */
  readonly percent: number;
  readonly suggested: number;
  readonly muted: boolean;
  readonly solo: boolean;
  /** Neither muted nor beside a solo layer. */
  readonly heard: boolean;
}

/** The equaliser's faders, from fine to coarse, and how they are moved. */
export interface Faders {
  readonly strips: readonly Strip[];
  readonly weights: LayerWeights;
  /** The weight of a fader at its mark. */
  readonly unit: number;
  /** Highest percentage. */
  readonly top: number;
  move(name: string, percent: number): void;
  /** Brackets a drag, for the `GestureContext` of the faders. */
  readonly gesture: Gesture;
}

export function useFaders(): Faders {
  const { documents } = useProgram();
  const { settings, base } = useEffective();
  const network = useNetwork();
  const { muted, solo, linked } = useDocument((document) => document.faders);
  const outer = use(GestureContext);
  /** Where the faders stood when a drag began: proportions survive a visit to zero. */
  const held = useRef<{ from: LayerWeights | undefined } | undefined>(undefined);
  const gesture = useMemo(
    () => ({
      begin: () => {
        held.current ??= { from: undefined };
        outer.begin();
      },
      end: () => {
        held.current = undefined;
        outer.end();
      },
    }),
    [outer],
  );

  const weights = settings.styleLayers;
  const unit = unitOf(base.styleLayers);
  const most = Math.max(TOP * unit, ...Object.values(weights));
  const names = inOrder(weights, network?.layers.map(({ name }) => name) ?? []);
  const percentOf = (weight: number): number => Math.round((100 * weight) / unit);
  const soloed = solo !== null && solo in weights;

  const move = (name: string, percent: number): void => {
    const weight = tidy((percent / 100) * unit);
    const from = held.current ? (held.current.from ??= weights) : weights;
    const next = linked ? moveTogether(from, name, weight, most) : { ...weights, [name]: weight };
    documents.edit((draft) => setLayers(draft, next, base.styleLayers));
  };

  return {
    strips: names.map((name) => ({
      name,
      label: network?.layers.find((layer) => layer.name === name)?.label ?? name,
      percent: percentOf(weights[name]!),
      suggested: percentOf(base.styleLayers[name] ?? unit),
      muted: muted.includes(name),
      solo: solo === name,
      heard: soloed ? solo === name : !muted.includes(name),
    })),
    weights,
    unit,
    top: percentOf(most),
    move,
    gesture,
  };
}
