import { createStore, type StoreApi } from 'zustand/vanilla';
import { createJSONStorage, persist } from 'zustand/middleware';
import type { Imported } from '../../shared/studio/contract.ts';
import type { RenderRequest } from '../../shared/studio/render.ts';
import { FITTED, scaleOf, type Camera, type Point, type Size } from '../features/canvas/camera.ts';
import { USUAL_BRUSH, type Brush } from '../features/masks/brush.ts';
import type { MaskTarget } from '../features/masks/target.ts';

/** What the canvas shows. */
export const COMPARE_MODES = ['photo', 'style', 'result', 'split', 'side'] as const;
export type CompareMode = (typeof COMPARE_MODES)[number];

export const DIALOGS = ['preferences', 'shortcuts', 'history', 'queue', 'presets', 'export', 'render'] as const;
export type DialogId = (typeof DIALOGS)[number];

/** The painted picture that is looked at: of a job (its previews, then its result), or out of the history. */
export type Shown = { readonly kind: 'job' | 'result'; readonly id: string } | null;

export interface Stage {
  /** Pixels of the picture. */
  readonly frame: Size;
  /** Device pixels. */
  readonly area: Size;
}

export type Side = 'left' | 'right';

/** The two rooms: where pictures are painted, and where experiments are made. */
export const SCREENS = ['studio', 'laboratory'] as const;
export type Screen = (typeof SCREENS)[number];

/** How things are looked at. None of it is part of the document, and undo leaves it alone. */
export interface View {
  readonly screen: Screen;
  /** The study that is open in the laboratory; null: a new one is being chosen. */
  readonly study: string | null;
  readonly mode: CompareMode;
  /** The photo is shown as long as a key or button is held. */
  readonly peeking: boolean;
  /** Place of the split divider: share of the frame that shows the photo. */
  readonly divider: number;
  readonly camera: Camera;
  /** What the camera looks at, and the part of the screen that one picture has. The canvas keeps it; null: it is empty. */
  readonly stage: Stage | null;
  readonly shown: Shown;
  /** Which of several styles the `style` mode shows. */
  readonly styleIndex: number;
  /** The mask that is being painted on the canvas; see features/masks/desk.ts, which opens and closes it. */
  readonly masking: MaskTarget | null;
  readonly brush: Brush;
  readonly folded: Readonly<Record<Side, boolean>>;
  /** The window is too narrow for both panels: `drawer` is the one that is open. */
  readonly narrow: boolean;
  readonly drawer: Side | null;
  /** Sections of the panels that differ from how they are at first, by their ids. */
  readonly sections: Readonly<Record<string, boolean>>;
  readonly dialog: DialogId | null;
  /** The picture that is to be rendered large, for the dialog about that. */
  readonly rendering: RenderRequest['source'] | null;
  /** Middle of the piece of a growing picture that is shown pixel by pixel, from 0 to 1. */
  readonly detail: Point;
  /** A picture that came with its recipe: the person is asked what to do with it. */
  readonly painted: Imported | null;
}
export type ViewStore = StoreApi<View>;

/** @param storage where folded panels and the like are remembered; not at all when absent */
export function createViewStore(storage?: Storage): ViewStore {
  const initial = (): View => ({
    screen: 'studio',
    study: null,
    mode: 'result',
    peeking: false,
    divider: 0.5,
    camera: FITTED,
    stage: null,
    shown: null,
    styleIndex: 0,
    masking: null,
    brush: USUAL_BRUSH,
    folded: { left: false, right: false },
    narrow: false,
    drawer: null,
    sections: {},
    dialog: null,
    rendering: null,
    detail: { x: 0.5, y: 0.5 },
    painted: null,
  });
  if (!storage) return createStore<View>(initial);
  return createStore<View>()(
    persist(initial, {
      name: 'madder-view',
      version: 1,
      storage: createJSONStorage(() => storage),
      // The window opens in the room where it was closed, or loaded anew in the middle of something.
      partialize: ({ folded, sections, divider, screen, study, brush }) => ({
        folded,
        sections,
        divider,
        screen,
        study,
        brush,
      }),
    }),
  );
}

/** Device pixels per pixel of the picture, as it is drawn now. */
export const shownScale = ({ camera, stage }: View): number => (stage ? scaleOf(camera, stage.frame, stage.area) : 1);

export const panelOpen = ({ folded, narrow, drawer }: View, side: Side): boolean =>
  narrow ? drawer === side : !folded[side];

export function togglePanel(view: ViewStore, side: Side): void {
  view.setState((state) =>
    state.narrow
      ? { drawer: state.drawer === side ? null : side }
      : { folded: { ...state.folded, [side]: !state.folded[side] } },
  );
}
