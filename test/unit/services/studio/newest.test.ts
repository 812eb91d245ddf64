import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Newest } from '../../../../src/main/services/studio/newest.ts';

describe('the newest of many values', () => {
  let passed: number[];
  let newest: Newest<number>;
  beforeEach(() => {
    vi.useFakeTimers();
    passed = [];
    newest = new Newest(100, (value) => passed.push(value));
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is passed on at once where none was before, and at the interval otherwise', () => {
    for (let value = 0; value < 30; value++) {
      newest.say(value);
      vi.advanceTimersByTime(10);
    }
    expect(passed).toEqual([0, 9, 19, 29]);
  });

  it('comes when nothing follows it', () => {
    newest.say(1);
    newest.say(2);
    newest.say(3);
    expect(passed).toEqual([1]);
    vi.advanceTimersByTime(1000);
    expect(passed).toEqual([1, 3]);
  });

  it('is passed on early where that is asked for, once', () => {
    newest.flush();
    newest.say(1);
    newest.say(2);
    newest.flush();
    vi.advanceTimersByTime(1000);
    expect(passed).toEqual([1, 2]);
  });

  it('is forgotten where that is asked for', () => {
    newest.say(1);
    newest.say(2);
    newest.drop();
    vi.advanceTimersByTime(1000);
    newest.say(3);
    expect(passed).toEqual([1, 3]);
  });
});
