import { createStore, type StoreApi } from 'zustand/vanilla';

/** One thing that a person can do about a notice. */
export interface NoticeAction {
  readonly label: string;
  run(): void;
}

/** Something worth saying that is no dialog; text is already in the person's language. */
export interface Notice {
  readonly id: number;
  readonly tone: 'info' | 'success' | 'warning' | 'error';
  readonly title: string;
  readonly detail?: string | undefined;
  readonly action?: NoticeAction | undefined;
}

export interface Notices {
  readonly list: readonly Notice[];
}
export type NoticeStore = StoreApi<Notices>;

/** More than these at a time is noise; the oldest goes. */
const MOST = 4;
let next = 1;

export const createNoticeStore = (): NoticeStore => createStore<Notices>(() => ({ list: [] }));

/** Shows a notice; one with the same words that is still there is replaced instead of stacked. */
export function notify(notices: NoticeStore, notice: Omit<Notice, 'id'>): void {
  const id = next++;
  notices.setState(({ list }) => ({
    list: [...list.filter((n) => n.title !== notice.title || n.detail !== notice.detail), { ...notice, id }].slice(
      -MOST,
    ),
  }));
}

export const dismiss = (notices: NoticeStore, id: number): void =>
  notices.setState(({ list }) => ({ list: list.filter((notice) => notice.id !== id) }));
