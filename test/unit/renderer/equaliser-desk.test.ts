// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { createElement } from 'react';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { openProgram, ProgramContext, type Program } from '../../../src/renderer/app/program.ts';
import { GestureContext } from '../../../src/renderer/components/gesture.ts';
import { TooltipProvider } from '../../../src/renderer/components/tooltip.tsx';
import { Equaliser, EqualiserTools } from '../../../src/renderer/features/equaliser/equaliser.tsx';
import { recordLosses } from '../../../src/renderer/features/losses/store.ts';
import { startTranslation } from '../../../src/renderer/i18n/index.ts';
import { NETWORK, picture } from './fake/snapshot.ts';
import { FakeTransport } from './fake/transport.ts';

let fake: FakeTransport;
let program: Program;

beforeAll(() => startTranslation('en'));
beforeEach(async () => {
  fake = new FakeTransport();
  const opened = await openProgram(fake);
  if (!opened.ok) throw new Error(opened.problem.message);
  program = opened.value;
  const { beginGesture: begin, endGesture: end } = program.documents;
  const desk = [
    createElement(EqualiserTools, { key: 'tools', modified: true }),
    createElement(Equaliser, { key: 'desk' }),
  ];
  const inside = createElement(GestureContext, { value: { begin, end } }, createElement(TooltipProvider, null, desk));
  render(createElement(ProgramContext, { value: program }, inside));
});
afterEach(() => {
  cleanup();
  program.close();
});

const fader = (name: string): HTMLElement => screen.getByRole('slider', { name: new RegExp(name) });
const press = (element: HTMLElement, ...keys: string[]): void => {
  for (const [i, key] of keys.entries()) fireEvent.keyDown(element, { key, repeat: i > 0 });
  fireEvent.keyUp(element, { key: keys.at(-1)! });
};
const document = () => program.documents.getState().document;

test('has a fader for every style layer, in the artist’s words', () => {
  expect(screen.getAllByRole('slider').map((each) => each.getAttribute('aria-label'))).toEqual([
    'Finest strokes, relu1_1',
    'Fine strokes, relu2_1',
    'Strokes, relu3_1',
    'Swirls and patches, relu4_1',
    'Shapes, relu5_1',
  ]);
  expect(fader('relu4_1').getAttribute('aria-valuetext')).toBe('60 percent');
});

test('moves by keys, a held key being one undo step, and a double click resets', () => {
  press(fader('relu4_1'), 'ArrowUp', 'ArrowUp');
  expect(document().settings.styleLayers).toEqual({ ...NETWORK.suggested.styleLayers, relu4_1: 0.7 });
  expect(program.documents.history.getState().pastStates).toHaveLength(1);
  fireEvent.doubleClick(fader('relu4_1'));
  expect(document().settings.styleLayers).toBeUndefined();
});

test('moves all faders when they are linked, and keeps their proportions through zero', () => {
  fireEvent.click(screen.getByRole('button', { name: 'Move all faders together' }));
  press(fader('relu3_1'), 'Home', 'ArrowUp', 'PageUp');
  expect(document().settings.styleLayers).toEqual({
    relu1_1: 0.55,
    relu2_1: 0.55,
    relu3_1: 0.55,
    relu4_1: 0.33,
    relu5_1: 0.11,
  });
});

test('mutes and plays one alone, and says so', () => {
  fireEvent.click(screen.getByRole('button', { name: 'Mute: Strokes, relu3_1' }));
  expect(document().faders.muted).toEqual(['relu3_1']);
  expect(fader('relu3_1').getAttribute('aria-valuetext')).toBe('100 percent, muted');
  fireEvent.click(screen.getByRole('button', { name: 'Solo: Shapes, relu5_1' }));
  expect(document().faders.solo).toBe('relu5_1');
  expect(fader('relu1_1').getAttribute('aria-valuetext')).toContain('silent');
  fireEvent.click(screen.getByRole('button', { name: 'Reset all faders' }));
  expect(document().faders).toEqual({ muted: [], solo: null, linked: false });
});

test('takes a shape', () => {
  fireEvent.click(screen.getByRole('radio', { name: 'Bold' }));
  const { relu1_1, relu5_1 } = document().settings.styleLayers!;
  expect([relu1_1, relu5_1]).toEqual([0.15, 1.5]);
  expect(screen.getByRole('radio', { name: 'Bold' }).getAttribute('aria-checked')).toBe('true');
});

test('its level meters fall with the losses', async () => {
  const end = recordLosses(program);
  const job = fake.newJob({ ...document(), photo: picture('a') });
  const say = (value: number, total: number): void => {
    const term = { kind: 'style', network: NETWORK.id, layer: 'relu2_1', value, weighted: value };
    fake.emit({
      type: 'progress',
      job: job.id,
      progress: {
        ...{ level: 0, levels: 1, width: 64, height: 64, evaluation: total, evaluations: 10, total },
        ...{ loss: value, terms: [term], seconds: 1, secondsLeft: 1, memoryBytes: 0 },
      },
    });
  };
  const level = (): string => {
    const strip = fader('relu2_1').closest('li')!;
    return strip.querySelector<HTMLElement>('[aria-hidden] > span[style]')!.style.scale;
  };
  act(() => fake.emit({ type: 'job', job }));
  expect(level()).toBe('1 0');
  act(() => say(0.5, 1));
  expect(level()).toBe('1 1');
  act(() => say(0.05, 2));
  expect(level()).toBe('1 0.67');
  end();
});
