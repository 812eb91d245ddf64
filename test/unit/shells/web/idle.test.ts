import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchIdle } from '../../../../src/main/shells/web/idle.ts';
import { FakeProgram, queueEvent } from '../../../support/fake-program.ts';

const program = new FakeProgram();
let windows = 0;
let stop: () => void;
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => {
  stop();
  vi.useRealTimers();
});
const delay = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function watch(jobs: readonly { readonly state: string }[], queuePaused = false) {
  windows = 0;
  program.answers.snapshot = { jobs, queuePaused };
  const onIdle = vi.fn();
  stop = watchIdle({ program, windows: () => windows, afterMs: 80, onIdle });
  return onIdle;
}

it('ends once when nobody looks on and nothing goes on', async () => {
  const onIdle = watch([{ state: 'done' }, { state: 'paused' }]);
  await delay(400);
  expect(onIdle).toHaveBeenCalledOnce();
});

it('waits while a window is connected, and its whole time after that', async () => {
  const onIdle = watch([]);
  windows = 1;
  await delay(250);
  windows = 0;
  await delay(40);
  expect(onIdle).not.toHaveBeenCalled();
  await delay(120);
  expect(onIdle).toHaveBeenCalledOnce();
});

it('waits while a job runs or is about to, and while anything is said', async () => {
  const running = watch([{ state: 'running' }]);
  await delay(250);
  expect(running).not.toHaveBeenCalled();
  stop();
  const waiting = watch([{ state: 'waiting' }]);
  await delay(250);
  expect(waiting).not.toHaveBeenCalled();
  stop();
  const held = watch([{ state: 'waiting' }], true);
  for (let k = 0; k < 10; k++) {
    program.emit(queueEvent());
    await delay(20);
  }
  expect(held).not.toHaveBeenCalled();
  await delay(120);
  expect(held).toHaveBeenCalledOnce();
});

it('asks again when the program cannot say', async () => {
  const onIdle = watch([]);
  program.answers.snapshot = new Error('not yet');
  await delay(250);
  expect(onIdle).not.toHaveBeenCalled();
  program.answers.snapshot = { jobs: [], queuePaused: false };
  await delay(120);
  expect(onIdle).toHaveBeenCalledOnce();
});
