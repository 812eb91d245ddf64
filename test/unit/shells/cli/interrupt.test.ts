import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { onInterrupt } from '../../../../src/main/shells/cli/interrupt.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

it('takes interrupts that arrive at once for one, and later ones for impatience', () => {
  const before = process.listenerCount('SIGINT');
  const [stop, again] = [vi.fn(), vi.fn()];
  const end = onInterrupt(stop, again);
  process.emit('SIGINT');
  vi.advanceTimersByTime(20);
  process.emit('SIGINT');
  expect(stop).toHaveBeenCalledTimes(2);
  expect(again).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  process.emit('SIGINT');
  process.emit('SIGINT');
  expect(again).toHaveBeenCalledTimes(2);
  expect(stop).toHaveBeenCalledTimes(2);
  end();
  expect(process.listenerCount('SIGINT')).toBe(before);
});
