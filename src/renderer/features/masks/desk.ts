import i18next from 'i18next';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { StudioPicture } from '../../../shared/studio/document.ts';
import type { Program } from '../../app/program.ts';
import { setMask } from '../../stores/edits.ts';
import { notify } from '../../stores/notices.ts';
import type { CompareMode } from '../../stores/view.ts';
import { upload } from '../intake/take-files.ts';
import { radiusOf, removes } from './brush.ts';
import type { FromMaskPainter, MaskEdit, ToMaskPainter } from './messages.ts';
import { maskSize, type Dab, type Spot } from './raster.ts';
import { maskOf, PHOTO, sameTarget, withoutSuffix, type MaskTarget } from './target.ts';

/** The canvas's painter, as far as masks need it. */
export interface MaskPainter {
  post(message: ToMaskPainter, transfer?: Transferable[]): void;
  /** Tells it of the newest document before anything else is said. */
  sync(): void;
  /** What the desk shows has changed: the lasso's line. */
  redraw(): void;
}

/** Where a pointer is, and how. */
export interface Touch {
  /** Share of the picture's width and height: 0 to 1 inside of it. */
  readonly x: number;
  readonly y: number;
  /** Of a pen, 0 to 1; undefined for everything else. */
  readonly pressure: number | undefined;
}

interface Stroke {
  /** Its tool when it began, and whether it takes away. */
  readonly lasso: boolean;
  readonly removing: boolean;
  /** The mask below it, by hash. */
  readonly on: string | undefined;
  /** px of the mask. */
  readonly line: Dab[];
}

/** What is known of the masks on the canvas. */
export interface MaskState {
  /** Share of the picture that a region has, by its key. */
  readonly coverage: Readonly<Record<string, number>>;
  /** A picture is being read that will be the mask. */
  readonly loading: boolean;
}

/** Modes of comparison in which a mask can be painted: one picture fills the canvas. */
const SINGLE: readonly CompareMode[] = ['photo', 'result'];
/** Dabs closer to each other than this share of their radius look the same as fewer of them. */
const SPACING = 0.06;

/**
 * Where masks are painted: opens and closes the mode, turns strokes and buttons into what the painter does, and puts the mask that comes
 * of it into the document, as one step of undo each.
 */
export class MaskDesk {
  readonly state: StoreApi<MaskState>;
  readonly #program: Program;
  readonly #encoding = new Map<string, Encoding>();
  #painter: MaskPainter | undefined;
  #stroke: Stroke | undefined;
  /** The comparison that the mode interrupted. */
  #modeBefore: CompareMode | undefined;

  constructor(program: Program) {
    this.#program = program;
    this.state = createStore<MaskState>(() => ({ coverage: {}, loading: false }));
    const { documents, view } = program;
    documents.subscribe(() => this.#followDocument());
    view.subscribe((now, before) => {
      if (now.masking && !SINGLE.includes(now.mode)) this.close();
      else if (now.masking !== before.masking && this.#stroke) this.#dropStroke();
    });
  }

  /** Whether there is a mask to paint on now. */
  get ready(): boolean {
    const { masking, peeking } = this.#program.view.getState();
    return masking !== null && !peeking;
  }

  /** The lasso's line while it is drawn, px of the mask. */
  get line(): readonly Spot[] {
    return this.#stroke?.lasso ? this.#stroke.line : [];
  }

  get drawing(): boolean {
    return this.#stroke !== undefined;
  }

  /** The canvas begins to show masks. @returns what ends that; masks that are encoded still arrive */
  attach(painter: MaskPainter): () => void {
    this.#painter = painter;
    return () => {
      this.#dropStroke();
      if (this.#painter === painter) this.#painter = undefined;
    };
  }

  /** Resolves when no mask is being encoded any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#encoding.values()].map(({ content }) => content));
  }

  open(target: MaskTarget): void {
    const { view, documents } = this.#program;
    const { document } = documents.getState();
    if (!document.photo || maskOf(document, target) === undefined) return;
    const { mode, masking } = view.getState();
    if (!masking) this.#modeBefore = mode;
    // Where something lies is best seen in the photo; the result is a key away.
    view.setState({ screen: 'studio', masking: target, ...(masking ? {} : { mode: 'photo', peeking: false }) });
  }

  close(): void {
    const { view } = this.#program;
    const { masking, mode } = view.getState();
    if (!masking) return;
    this.#dropStroke();
    const before = this.#modeBefore;
    this.#modeBefore = undefined;
    // Who has chosen something else meanwhile wants to see that.
    view.setState({ masking: null, ...(mode === 'photo' && before ? { mode: before } : {}) });
  }

  /** @param turned Alt is held, or the pen is turned: the tool does the opposite */
  begin(touch: Touch, turned: boolean): void {
    const { brush } = this.#program.view.getState();
    if (!this.#painter || !this.#size) return;
    this.#dropStroke();
    this.#painter.sync();
    this.#stroke = {
      lasso: brush.tool === 'lasso',
      removing: removes(brush, turned),
      on: this.#mask?.sha256,
      line: [],
    };
    this.move([touch]);
  }

  move(touches: readonly Touch[]): void {
    const stroke = this.#stroke;
    const size = this.#size;
    if (!stroke || !size) return;
    const { brush } = this.#program.view.getState();
    const fresh: Dab[] = [];
    for (const { x, y, pressure } of touches) {
      const dab = {
        x: x * size.width,
        y: y * size.height,
        radius: radiusOf(brush, Math.max(size.width, size.height), pressure),
      };
      const last = stroke.line.at(-1);
      const apart = stroke.lasso ? 1 : Math.max(0.5, SPACING * dab.radius);
      if (last && Math.hypot(dab.x - last.x, dab.y - last.y) < apart) continue;
      stroke.line.push(dab);
      fresh.push(dab);
    }
    if (fresh.length === 0) return;
    const { softness } = brush;
    if (stroke.lasso) this.#painter?.redraw();
    else this.#do({ kind: 'stroke', dabs: fresh, softness, removing: stroke.removing });
  }

  /** The stroke is done. */
  end(): void {
    const stroke = this.#stroke;
    const size = this.#size;
    this.#stroke = undefined;
    if (!stroke || !size || stroke.line.length === 0) return;
    if (stroke.lasso) this.#painter?.redraw();
    if (!stroke.lasso) this.#commit({ kind: 'end' });
    else if (stroke.line.length > 2) {
      const { brush } = this.#program.view.getState();
      // As wide as the brush's edge would be.
      const feather = brush.softness * radiusOf(brush, Math.max(size.width, size.height));
      const points = stroke.line.map(({ x, y }) => ({ x, y }));
      this.#commit({ kind: 'lasso', points, feather, removing: stroke.removing });
    }
  }

  /** Takes back the stroke that is going on. @returns whether there was one */
  cancel(): boolean {
    const going = this.#stroke !== undefined;
    this.#dropStroke();
    return going;
  }

  invert(): void {
    this.#commit({ kind: 'invert' });
  }

  fill(): void {
    this.#commit({ kind: 'fill' });
  }

  /** No mask again: one that is black everywhere would leave nothing to what it is for. */
  clear(): void {
    const { documents, view } = this.#program;
    const { masking } = view.getState();
    this.#dropStroke();
    if (masking && this.#mask) documents.edit((draft) => setMask(draft, masking, null));
  }

  /** Makes a picture the mask: as bright as it is, stretched over the photo. */
  async load(file: File): Promise<void> {
    const { view, transport, notices, documents } = this.#program;
    const { masking } = view.getState();
    const { photo } = documents.getState().document;
    if (!masking || !photo) return;
    this.state.setState({ loading: true });
    try {
      const imported = await upload(this.#program, file);
      if (!imported) return;
      const { picture: from } = imported;
      const response = await fetch(transport.assetUrl('mask', from.sha256));
      const picture = await createImageBitmap(await response.blob(), { colorSpaceConversion: 'none' });
      // Another mask, or none, may be open by now.
      if (!sameTarget(view.getState().masking, masking)) return;
      this.#commit({ kind: 'load', picture }, [picture]);
      const stretched = Math.abs((from.width * photo.height) / (from.height * photo.width) - 1) > SAME_SHAPE;
      if (stretched) notify(notices, { tone: 'info', title: i18next.t('masks.stretched', { name: from.name }) });
    } catch {
      notify(notices, { tone: 'error', title: i18next.t('masks.notRead', { name: file.name }) });
    } finally {
      this.state.setState({ loading: false });
    }
  }

  /** What the painter says. */
  hear(message: FromMaskPainter): void {
    switch (message.type) {
      case 'made':
      case 'notMade': {
        const waiting = this.#encoding.get(message.id);
        this.#encoding.delete(message.id);
        if (message.type === 'made') waiting?.resolve(message.content);
        else waiting?.reject(new Error(message.message));
        break;
      }
      case 'region':
        this.state.setState(({ coverage }) => ({ coverage: { ...coverage, [message.key]: message.coverage } }));
        break;
      case 'maskFailed':
        this.close();
        notify(this.#program.notices, { tone: 'error', title: i18next.t('masks.lost') });
        break;
    }
  }

  /** px of the mask that is painted. */
  get #size(): { width: number; height: number } | undefined {
    const { masking } = this.#program.view.getState();
    const { photo } = this.#program.documents.getState().document;
    return masking && photo ? maskSize(photo) : undefined;
  }

  /** The mask that is open, as the document has it. */
  get #mask(): StudioPicture | undefined {
    const { masking } = this.#program.view.getState();
    return (masking && maskOf(this.#program.documents.getState().document, masking)) ?? undefined;
  }

  #do(edit: MaskEdit, transfer?: Transferable[]): void {
    this.#painter?.post({ type: 'mask', edit }, transfer);
  }

  /** Does something to the open mask, and puts the mask that it becomes into the document at once. */
  #commit(edit: Step, transfer?: Transferable[]): void {
    const { documents, masks, view, notices } = this.#program;
    const { masking } = view.getState();
    const size = this.#size;
    if (!masking || !size || !this.#painter) return;
    if (edit.kind !== 'end') {
      this.#dropStroke();
      this.#painter.sync();
    }
    const before = this.#mask ?? null;
    const encoding = newEncoding();
    const { content } = encoding;
    const mask = masks.make(nameOf(this.#program, masking), size, content);
    this.#encoding.set(mask.sha256, encoding);
    this.#do({ ...edit, id: mask.sha256 } as MaskEdit, transfer);
    documents.edit((draft) => setMask(draft, masking, mask));
    content.catch(() => {
      // Out of memory, most likely. What there was before is still there.
      notify(notices, { tone: 'error', title: i18next.t('masks.notKept') });
      if (maskOf(documents.getState().document, masking)?.sha256 !== mask.sha256) return;
      documents.edit((draft) => setMask(draft, masking, before));
    });
  }

  #dropStroke(): void {
    if (!this.#stroke) return;
    const { lasso } = this.#stroke;
    this.#stroke = undefined;
    if (lasso) this.#painter?.redraw();
    else this.#do({ kind: 'cancel' });
  }

  /** A painting or the photo may be gone, and with it what was painted on. */
  #followDocument(): void {
    const { view, documents } = this.#program;
    const { masking } = view.getState();
    if (!masking) return;
    const { document } = documents.getState();
    if (!document.photo || maskOf(document, masking) === undefined) this.close();
    // Undo has put another mask below the stroke.
    else if (this.#stroke && this.#stroke.on !== this.#mask?.sha256) this.#dropStroke();
  }
}

/** A mask that the painter is encoding. */
interface Encoding {
  readonly content: Promise<Blob>;
  readonly resolve: (content: Blob) => void;
  readonly reject: (cause: Error) => void;
}

function newEncoding(): Encoding {
  let settle!: Pick<Encoding, 'resolve' | 'reject'>;
  const content = new Promise<Blob>((resolve, reject) => (settle = { resolve, reject }));
  return { content, ...settle };
}

/** An edit that makes a mask, before it has its id. */
type WithoutId<E> = E extends { readonly id: string } ? Omit<E, 'id'> : never;
type Step = WithoutId<MaskEdit>;

/** How far proportions may differ without anybody seeing that something was stretched. */
const SAME_SHAPE = 0.01;

/** What the mask's file is called. */
function nameOf({ documents }: Program, target: MaskTarget): string {
  if (sameTarget(target, PHOTO)) return `${i18next.t('masks.fileOfPhoto')}.png`;
  const style = documents
    .getState()
    .document.styles.find(({ picture }) => target.kind === 'style' && picture.sha256 === target.picture);
  const name = withoutSuffix(style?.picture.name ?? '').slice(0, 200);
  return `${i18next.t('masks.file', { name })}.png`;
}

const desks = new WeakMap<Program, MaskDesk>();

/** The one desk of this window. */
export function deskOf(program: Program): MaskDesk {
  let desk = desks.get(program);
  if (!desk) desks.set(program, (desk = new MaskDesk(program)));
  return desk;
}
