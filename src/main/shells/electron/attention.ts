/** What a person sees of a run while looking elsewhere, and what keeps the computer awake for it. */
import { Notification, powerSaveBlocker, type BrowserWindow } from 'electron';
import type { Job, StudioEvent } from '../../../shared/studio/contract.ts';
import type { Words } from './words.ts';

export class Attention {
  readonly #window: () => BrowserWindow | undefined;
  readonly #words: () => Words;
  readonly #states = new Map<string, Job['state']>();
  /** Share of the run that goes on, levels counted alike. */
  #fraction = 0;
  #blocker: number | undefined;

  constructor(window: () => BrowserWindow | undefined, words: () => Words) {
    this.#window = window;
    this.#words = words;
  }

  /** A run goes on. */
  get busy(): boolean {
    return this.#is('running');
  }

  hear(event: StudioEvent): void {
    switch (event.type) {
      case 'job':
        this.#changed(event.job);
        break;
      case 'progress': {
        const { level, levels, evaluation, evaluations } = event.progress;
        this.#fraction = (level + evaluation / evaluations) / levels;
        break;
      }
      case 'queue': {
        const there = new Set(event.jobs);
        for (const id of this.#states.keys()) if (!there.has(id)) this.#states.delete(id);
        break;
      }
      default:
        return;
    }
    this.#show();
  }

  close(): void {
    this.#states.clear();
    this.#stayAwake();
  }

  #changed({ id, name, state, problem }: Job): void {
    const before = this.#states.get(id);
    this.#states.set(id, state);
    if (state === 'running' && before !== 'paused') this.#fraction = 0;
    const ended = state === 'done' || state === 'failed';
    if (ended && before !== undefined && before !== state) this.#notify(this.#words()[state], problem?.message ?? name);
  }

  #is(state: Job['state']): boolean {
    return [...this.#states.values()].includes(state);
  }

  #show(): void {
    this.#stayAwake();
    const paused = !this.busy && this.#is('paused');
    const window = this.#window();
    if (this.busy || paused) window?.setProgressBar(this.#fraction, { mode: paused ? 'paused' : 'normal' });
    else window?.setProgressBar(-1);
  }

  #stayAwake(): void {
    if (this.busy) this.#blocker ??= powerSaveBlocker.start('prevent-app-suspension');
    else if (this.#blocker !== undefined) {
      powerSaveBlocker.stop(this.#blocker);
      this.#blocker = undefined;
    }
  }

  #notify(title: string, body: string): void {
    const window = this.#window();
    if (window?.isFocused() || !Notification.isSupported()) return;
    const notification = new Notification({ title, body });
    notification.on('click', () => {
      if (window?.isMinimized()) window.restore();
      window?.show();
    });
    notification.show();
  }
}
