// @vitest-environment happy-dom
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { editActions } from '../../../src/renderer/actions/edit.ts';
import { openProgram, type Program } from '../../../src/renderer/app/program.ts';
import { deskOf, type MaskDesk } from '../../../src/renderer/features/masks/desk.ts';
import type { MaskEdit, ToMaskPainter } from '../../../src/renderer/features/masks/messages.ts';
import { PHOTO, restOf } from '../../../src/renderer/features/masks/target.ts';
import {
  LARGEST_SIZE,
  removes,
  SMALLEST_SIZE,
  stepSize,
  swapped,
  USUAL_BRUSH,
} from '../../../src/renderer/features/masks/brush.ts';
import { batchDocuments } from '../../../src/renderer/features/queue/batch-documents.ts';
import { startTranslation } from '../../../src/renderer/i18n/index.ts';
import {
  addStyle,
  moveStyle,
  removeStyle,
  setMask,
  setOnlyStyle,
  setPhoto,
} from '../../../src/renderer/stores/edits.ts';
import type { Answer, Imported } from '../../../src/shared/studio/contract.ts';
import { masksOf, type StudioDocument } from '../../../src/shared/studio/document.ts';
import { picture } from './fake/snapshot.ts';
import { FakeTransport } from './fake/transport.ts';

const STYLE = { kind: 'style', picture: 'b'.repeat(64) } as const;
const touch = (x: number, y: number) => ({ x, y, pressure: undefined });
const PNG = new Blob(['a mask']);

/** A library that keeps what is uploaded in its own time. */
class SlowTransport extends FakeTransport {
  readonly uploads: { readonly name: string; readonly answer: (answer: Answer<Imported>) => void }[] = [];
  override readonly upload = (_file: Blob, name: string): Promise<Answer<Imported>> =>
    new Promise((answer) => this.uploads.push({ name, answer }));

  /** The oldest upload that is not answered yet arrives. */
  keep(digit: string): void {
    const next = this.uploads.shift()!;
    next.answer({ ok: true, value: { picture: picture(digit, next.name, 1536, 1024), notes: [] } });
  }
  refuse(message: string): void {
    this.uploads.shift()!.answer({ ok: false, problem: { kind: 'output', message } });
  }
}

let fake: SlowTransport;
let program: Program;
let desk: MaskDesk;
let said: ToMaskPainter[];
let painter: { post: (message: ToMaskPainter) => void; sync: () => void; redraw: () => void };

const document = (): StudioDocument => program.documents.getState().document;
const mask = (): string | undefined => document().styles[0]?.mask?.sha256;
const edits = (): MaskEdit[] => said.flatMap((message) => (message.type === 'mask' ? [message.edit] : []));
const stroke = (...places: [number, number][]): void => {
  const [first, ...others] = places;
  desk.begin(touch(...first!), false);
  desk.move(others.map((place) => touch(...place)));
  desk.end();
};
/** The painter has encoded everything that it was asked to. */
const encoded = async (): Promise<void> => {
  for (const edit of edits()) if ('id' in edit) desk.hear({ type: 'made', id: edit.id, content: PNG });
  await rest();
};
const rest = (): Promise<void> => new Promise((done) => setTimeout(done, 5));
const savedMasks = (): (string | undefined)[] =>
  fake.calls
    .filter(({ method }) => method === 'saveDocument')
    .map(({ request }) => (request as { document: StudioDocument }).document.styles[0]?.mask?.sha256);

beforeAll(() => startTranslation('en'));
beforeEach(async () => {
  fake = new SlowTransport();
  const opened = await openProgram(fake);
  if (!opened.ok) throw new Error(opened.problem.message);
  program = opened.value;
  program.documents.edit((draft) => {
    setPhoto(draft, picture('a'));
    addStyle(draft, picture('b', 'night.final.jpg'));
    addStyle(draft, picture('c'));
  });
  said = [];
  desk = deskOf(program);
  painter = { post: (message) => said.push(message), sync: vi.fn(), redraw: vi.fn() };
  desk.attach(painter);
  desk.open(STYLE);
});
afterEach(() => program.close());

describe('painting a mask', () => {
  test('puts it into the document at once, as one step of undo a stroke', () => {
    const steps = program.documents.history.getState().pastStates.length;
    stroke([0.2, 0.2], [0.4, 0.2], [0.6, 0.3]);
    expect(document().styles[0]!.mask).toMatchObject({ name: 'Mask of night.final.png', width: 1536, height: 1024 });
    expect(program.documents.history.getState().pastStates).toHaveLength(steps + 1);
    const kinds = edits().map(({ kind }) => kind);
    expect([kinds[0], kinds.at(-1)]).toEqual(['stroke', 'end']);
    expect(edits().at(-1)).toEqual({ kind: 'end', id: mask() });
    program.documents.undo();
    expect(mask()).toBeUndefined();
  });

  test('says where in px of the mask, and leaves out what nobody sees', () => {
    stroke([0.5, 0.5], [0.5, 0.5], [0.5001, 0.5], [0.75, 0.5]);
    const dabs = edits().flatMap((edit) => (edit.kind === 'stroke' ? edit.dabs : []));
    expect(dabs).toEqual([
      { x: 768, y: 512, radius: (0.08 * 1536) / 2 },
      { x: 1152, y: 512, radius: (0.08 * 1536) / 2 },
    ]);
  });

  test('lets a pen press harder or lighter', () => {
    desk.begin({ x: 0.2, y: 0.2, pressure: 1 }, false);
    desk.move([{ x: 0.4, y: 0.2, pressure: 0 }]);
    desk.end();
    const [hard, light] = edits().flatMap((edit) => (edit.kind === 'stroke' ? edit.dabs : []));
    expect(hard!.radius).toBeCloseTo(61.44);
    expect(light!.radius).toBeCloseTo(0.2 * 61.44);
  });

  test('takes back a stroke that is going on with undo, and nothing else', () => {
    stroke([0.2, 0.2], [0.4, 0.2]);
    const before = mask();
    desk.begin(touch(0.5, 0.5), false);
    desk.move([touch(0.7, 0.7)]);
    editActions.undo.run(program);
    expect(edits().at(-1)).toEqual({ kind: 'cancel' });
    desk.end();
    expect(mask()).toBe(before);
    editActions.undo.run(program);
    expect(mask()).toBeUndefined();
  });

  test('gives up a stroke below which the mask has changed', () => {
    stroke([0.2, 0.2], [0.4, 0.2]);
    desk.begin(touch(0.5, 0.5), false);
    program.documents.undo();
    desk.end();
    expect(mask()).toBeUndefined();
    expect(edits().at(-1)).toEqual({ kind: 'cancel' });
  });

  test('with the lasso fills what it encloses; a click encloses nothing', () => {
    program.view.setState(({ brush }) => ({ brush: { ...brush, tool: 'lasso' } }));
    desk.begin(touch(0.1, 0.1), true);
    expect(painter.redraw).toHaveBeenCalled();
    desk.move([touch(0.9, 0.1), touch(0.5, 0.9)]);
    expect(desk.line).toHaveLength(3);
    desk.end();
    expect(edits()).toEqual([expect.objectContaining({ kind: 'lasso', removing: true, id: mask() })]);
    expect(desk.line).toEqual([]);
    const before = mask();
    desk.begin(touch(0.1, 0.1), false);
    desk.end();
    expect(mask()).toBe(before);
  });

  test('ends when the painting is gone, or when two pictures are to be seen', () => {
    program.documents.edit((draft) => removeStyle(draft, 1));
    expect(program.view.getState().masking).toEqual(STYLE);
    program.documents.edit((draft) => removeStyle(draft, 0));
    expect(program.view.getState().masking).toBeNull();
    desk.open(PHOTO);
    program.view.setState({ mode: 'split' });
    expect(program.view.getState()).toMatchObject({ masking: null, mode: 'split' });
  });

  test('leaves the comparison as it was', () => {
    desk.close();
    program.view.setState({ mode: 'split' });
    desk.open(PHOTO);
    expect(program.view.getState().mode).toBe('photo');
    desk.close();
    expect(program.view.getState().mode).toBe('split');
  });

  test('brings back what there was where a mask cannot be encoded', async () => {
    stroke([0.2, 0.2], [0.4, 0.2]);
    const before = mask();
    await encoded();
    stroke([0.5, 0.5], [0.6, 0.6]);
    desk.hear({ type: 'notMade', id: mask()!, message: 'no memory' });
    await rest();
    expect(mask()).toBe(before);
    expect(program.notices.getState().list.map(({ tone }) => tone)).toContain('error');
  });
});

describe('masks on their way into the library', () => {
  const save = (): Promise<unknown> => program.transport.call('saveDocument', { document: document() });

  test('are named as the library knows them in whatever leaves the window', async () => {
    stroke([0.2, 0.2], [0.4, 0.2]);
    await encoded();
    const saving = save();
    await rest();
    expect(savedMasks()).toEqual([]);
    fake.keep('d');
    await saving;
    expect(savedMasks()).toEqual(['d'.repeat(64)]);
    // And from then on without waiting.
    void save();
    expect(savedMasks()).toHaveLength(2);
  });

  test('of strokes in quick succession are the last one, until undo leads back to another', async () => {
    for (const y of [0.2, 0.4, 0.6]) stroke([0.2, y], [0.4, y]);
    const last = mask();
    await encoded();
    // The first one was on its way already.
    expect(fake.uploads).toHaveLength(1);
    fake.keep('1');
    await rest();
    fake.keep('3');
    await rest();
    expect([fake.uploads.length, mask()]).toEqual([0, last]);
    await save();
    program.documents.undo();
    await rest();
    fake.keep('2');
    await save();
    program.documents.undo();
    await save();
    expect(savedMasks()).toEqual(['3', '2', '1'].map((digit) => digit.repeat(64)));
  });

  test('keep their order with undo while one is brought there', async () => {
    stroke([0.2, 0.2], [0.4, 0.2]);
    const first = mask();
    await encoded();
    stroke([0.2, 0.4], [0.4, 0.4]);
    program.documents.undo();
    stroke([0.2, 0.6], [0.4, 0.6]);
    await encoded();
    fake.keep('1');
    await rest();
    fake.keep('3');
    await save();
    expect(savedMasks()).toEqual(['3'.repeat(64)]);
    program.documents.undo();
    expect(mask()).toBe(first);
    await save();
    expect(savedMasks()).toEqual(['3'.repeat(64), '1'.repeat(64)]);
  });

  test('are tried again where that failed, and stop a start with the reason', async () => {
    stroke([0.2, 0.2], [0.4, 0.2]);
    await encoded();
    fake.refuse('The disk is full; free some space.');
    await rest();
    expect(program.notices.getState().list.at(-1)?.title).toBe('The disk is full; free some space.');
    const starting = program.ask('start', { document: document() });
    await rest();
    fake.refuse('The disk is full; free some space.');
    expect(await starting).toBeUndefined();
    expect(fake.calls.map(({ method }) => method)).not.toContain('start');
    const again = program.ask('start', { document: document() });
    await rest();
    fake.keep('d');
    expect(await again).toBeDefined();
  });

  test('are named in every document of a batch', async () => {
    stroke([0.2, 0.2], [0.4, 0.2]);
    await encoded();
    fake.keep('d');
    await rest();
    await program.ask('startBatch', {
      documents: [document(), { ...document(), photoMask: document().styles[0]!.mask }],
    });
    const { request } = fake.calls.find(({ method }) => method === 'startBatch')!;
    const { documents } = request as { documents: StudioDocument[] };
    expect(documents.map((one) => masksOf(one).map(({ sha256 }) => sha256[0]))).toEqual([['d'], ['d']]);
  });
});

describe('masks in a document', () => {
  const other = picture('9', 'mask.png');
  const withMask = (): void => program.documents.edit((draft) => setMask(draft, STYLE, other));

  test('move with their painting', () => {
    withMask();
    program.documents.edit((draft) => moveStyle(draft, 0, 1));
    expect(document().styles.map(({ mask: own }) => own?.name)).toEqual([undefined, 'mask.png']);
    program.documents.edit((draft) => removeStyle(draft, 0));
    expect(document().styles[0]!.mask).toEqual(other);
  });

  test('leave what they do not cover to the paintings without one, or to the photo', () => {
    expect(restOf(document())).toBeUndefined();
    withMask();
    expect(restOf(document())).toBe('paintings');
    program.documents.edit((draft) => setMask(draft, { kind: 'style', picture: 'c'.repeat(64) }, other));
    expect(restOf(document())).toBe('photo');
  });

  test('stay in place for another painting that is tried instead of the only one', () => {
    withMask();
    program.documents.edit((draft) => removeStyle(draft, 1));
    program.documents.edit((draft) => setOnlyStyle(draft, picture('d')));
    expect(document().styles).toMatchObject([{ picture: picture('d'), mask: other }]);
    const [painted] = batchDocuments(document(), 'paintings', [picture('e')]);
    expect(painted!.styles[0]!.mask).toEqual(other);
    program.documents.edit((draft) => void addStyle(draft, picture('f')));
    program.documents.edit((draft) => setOnlyStyle(draft, picture('c')));
    expect(document().styles[0]!.mask).toBeNull();
  });

  test('go with those photos of a batch that have their shape', () => {
    withMask();
    const photos = [picture('1', 'same.jpg', 768, 512), picture('2', 'upright.jpg', 512, 768)];
    expect(batchDocuments(document(), 'photos', photos).map((one) => masksOf(one).length)).toEqual([1, 0]);
  });
});

test('the brush grows and shrinks in even steps, and no further than it is of use', () => {
  const sizes = Array.from({ length: 60 }, (_, steps) => stepSize(SMALLEST_SIZE, steps));
  expect(sizes[6]! / sizes[0]!).toBeCloseTo(2);
  expect(sizes.at(-1)).toBe(LARGEST_SIZE);
  expect(stepSize(stepSize(0.08, 3), -3)).toBeCloseTo(0.08, 2);
  expect(stepSize(SMALLEST_SIZE, -4)).toBe(SMALLEST_SIZE);
});

test('X turns adding into removing and back, with the tool at hand', () => {
  expect(swapped(USUAL_BRUSH).tool).toBe('eraser');
  expect(swapped(swapped(USUAL_BRUSH))).toEqual(USUAL_BRUSH);
  const lasso = { ...USUAL_BRUSH, tool: 'lasso' } as const;
  expect(swapped(lasso)).toEqual({ ...lasso, lassoRemoves: true });
  expect([removes(lasso, false), removes(lasso, true), removes(swapped(lasso), true)]).toEqual([false, true, false]);
});
