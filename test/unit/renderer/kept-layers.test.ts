// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { createElement } from 'react';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openProgram, ProgramContext, type Program } from '../../../src/renderer/app/program.ts';
import { TooltipProvider } from '../../../src/renderer/components/tooltip.tsx';
import { Kept } from '../../../src/renderer/features/settings/kept.tsx';
import { startTranslation } from '../../../src/renderer/i18n/index.ts';
import { addStyle, setPhoto } from '../../../src/renderer/stores/edits.ts';
import { NETWORK, picture } from './fake/snapshot.ts';
import { FakeTransport } from './fake/transport.ts';

const OTHER = {
  ...NETWORK,
  id: 'other',
  name: 'Other',
  layers: [{ name: 'conv1', label: 'shapes', stride: 1, receptiveField: 9 }],
  suggested: { ...NETWORK.suggested, contentLayers: { conv1: 1 } },
};

let fake: FakeTransport;
let program: Program;

beforeAll(() => startTranslation('en'));
beforeEach(async () => {
  fake = new FakeTransport({ networks: [NETWORK, OTHER] });
  const opened = await openProgram(fake);
  if (!opened.ok) throw new Error(opened.problem.message);
  program = opened.value;
  program.documents.edit((draft) => {
    setPhoto(draft, picture('a'));
    addStyle(draft, picture('b'));
  });
  render(createElement(ProgramContext, { value: program }, createElement(TooltipProvider, null, createElement(Kept))));
});
afterEach(() => {
  cleanup();
  program.close();
});

const settings = () => program.documents.getState().document.settings;
const kept = (): (string | null)[] => {
  const [list] = screen.getByRole('group', { name: 'What is kept of the photo' }).querySelectorAll('ul');
  return [...list!.children].map(({ textContent }) => textContent);
};
const open = (): void => void fireEvent.click(screen.getByRole('button', { name: 'Choose what is kept of the photo' }));
const layer = (name: string): HTMLElement => screen.getByRole('switch', { name: new RegExp(name) });

test('shows the network’s own choice in the artist’s words, and marks it', () => {
  expect(kept()).toEqual(['Patches relu4_2']);
  open();
  expect(screen.getAllByRole('switch')).toHaveLength(NETWORK.layers.length);
  expect(screen.getAllByText('the network’s choice')).toHaveLength(1);
  expect(layer('relu4_2.*the network’s choice').getAttribute('aria-checked')).toBe('true');
});

test('takes layers in and out, one step for undo each; the last one stays', () => {
  open();
  expect(layer('relu4_2').hasAttribute('disabled')).toBe(true);
  fireEvent.click(layer('relu3_1'));
  expect(settings().contentLayers).toEqual({ relu3_1: 1, relu4_2: 1 });
  expect(kept()).toEqual(['Strokes relu3_1', 'Patches relu4_2']);
  fireEvent.click(layer('relu4_2'));
  expect(settings().contentLayers).toEqual({ relu3_1: 1 });
  expect(layer('relu3_1').hasAttribute('disabled')).toBe(true);
  act(() => program.documents.undo());
  expect(kept()).toEqual(['Strokes relu3_1', 'Patches relu4_2']);
  act(() => program.documents.undo());
  expect(settings().contentLayers).toBeUndefined();
});

test('is no setting of the person’s where it is as suggested', () => {
  open();
  fireEvent.click(layer('relu3_1'));
  fireEvent.click(layer('relu3_1'));
  expect(settings()).not.toHaveProperty('contentLayers');
});

test('is about the network that watches over the photo, and drops what that does not have', () => {
  act(() =>
    program.documents.edit((draft) => {
      draft.settings.contentLayers = { relu1_1: 1 };
      draft.contentNetwork = OTHER.id;
    }),
  );
  expect(kept()).toEqual([]);
  open();
  fireEvent.click(layer('conv1'));
  expect(settings().contentLayers).toBeUndefined();
  expect(kept()).toEqual(['Shapes conv1']);
});

test('says that layers which the running picture began without wait for the next start', () => {
  const job = fake.newJob(program.documents.getState().document);
  act(() => fake.emit({ type: 'job', job }));
  const waits = (): HTMLElement | null => screen.queryByText('New layers join at the next start.');
  expect(waits()).toBeNull();
  open();
  fireEvent.click(layer('relu3_1'));
  expect(waits()).not.toBeNull();
  fireEvent.click(layer('relu3_1'));
  expect(waits()).toBeNull();
});
