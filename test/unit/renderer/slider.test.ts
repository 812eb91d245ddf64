// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { createElement, useState } from 'react';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { GestureContext } from '../../../src/renderer/components/gesture.ts';
import { parseNumber, snap } from '../../../src/renderer/components/number.ts';
import { Slider } from '../../../src/renderer/components/slider.tsx';
import { startTranslation } from '../../../src/renderer/i18n/index.ts';

beforeAll(() => startTranslation('en'));
afterEach(cleanup);

const gesture = { begin: vi.fn(), end: vi.fn() };

function Example() {
  const [value, setValue] = useState(50);
  return createElement(
    GestureContext,
    { value: gesture },
    createElement(Slider, {
      label: 'Strength',
      value,
      onChange: setValue,
      min: 0,
      max: 100,
      step: 1,
      resetTo: 50,
      unit: '%',
      valueText: (v: number) => `Strength ${v} percent`,
    }),
  );
}

const show = (): { thumb: HTMLElement; field: HTMLElement } => {
  render(createElement(Example));
  return { thumb: screen.getByRole('slider'), field: screen.getByRole('spinbutton') };
};

test('keys step, Shift makes the steps fine, and Page, Home and End go far', () => {
  const { thumb } = show();
  const press = (key: string, shiftKey = false): string | null => {
    fireEvent.keyDown(thumb, { key, shiftKey });
    fireEvent.keyUp(thumb, { key });
    return thumb.getAttribute('aria-valuenow');
  };
  expect(press('ArrowRight')).toBe('51');
  expect(press('ArrowLeft', true)).toBe('50.9');
  expect(press('PageUp')).toBe('60.9');
  expect(press('Home')).toBe('0');
  expect(press('ArrowDown')).toBe('0');
  expect(press('End')).toBe('100');
});

test('a held key is one gesture', () => {
  const { thumb } = show();
  gesture.begin.mockClear();
  fireEvent.keyDown(thumb, { key: 'ArrowRight' });
  fireEvent.keyDown(thumb, { key: 'ArrowRight', repeat: true });
  fireEvent.keyDown(thumb, { key: 'ArrowRight', repeat: true });
  fireEvent.keyUp(thumb, { key: 'ArrowRight' });
  expect(gesture.begin).toHaveBeenCalledTimes(1);
  expect(thumb.getAttribute('aria-valuenow')).toBe('53');
});

test('says its value in words', () => {
  expect(show().thumb.getAttribute('aria-valuetext')).toBe('Strength 50 percent');
});

test('a typed value counts with Enter, is held in bounds, and Escape brings the old one back', () => {
  const { thumb, field } = show();
  const type = (text: string, key: string): string | null => {
    fireEvent.change(field, { target: { value: text } });
    fireEvent.keyDown(field, { key });
    return thumb.getAttribute('aria-valuenow');
  };
  expect(type('12,5', 'Enter')).toBe('12.5');
  expect(type('900', 'Enter')).toBe('100');
  expect(type('7', 'Escape')).toBe('100');
  expect(type('nonsense', 'Enter')).toBe('100');
});

test('a double click resets', () => {
  const { thumb } = show();
  fireEvent.keyDown(thumb, { key: 'End' });
  fireEvent.doubleClick(thumb);
  expect(thumb.getAttribute('aria-valuenow')).toBe('50');
});

test('numbers are read as people write them', () => {
  expect(['1,5', '1.5 px', ' −3 ', '40 %', '1e3', '', 'x', '-'].map(parseNumber)).toEqual([
    1.5,
    1.5,
    -3,
    40,
    1000,
    undefined,
    undefined,
    undefined,
  ]);
  expect(snap(0.30000000000000004, 0, 1, 0.1)).toBe(0.3);
});
