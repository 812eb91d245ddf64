import { MadderError } from '../../shared/errors.ts';

/** Throws because a file cannot be used; `why` follows a colon, and neither it nor `advice` has a full stop. */
export type Refuse = (why: string, advice?: string) => never;

/** Refuses with one sentence: `FILE is not a usable KIND: WHY; ADVICE.` */
export function refusal(file: string, kind: string): Refuse {
  return (why, advice = 'download or export it again') => {
    throw new MadderError('network', `${file} is not a usable ${kind}: ${why}; ${advice}.`);
  };
}

/** Text out of a file, fit for a message: printable and short, in quotation marks. */
export function quoted(text: string): string {
  const printable = text.slice(0, 80).replace(/[^\x20-\x7e\u00a1-\u024f]/g, '?');
  return `"${printable}${text.length > 80 ? '...' : ''}"`;
}
