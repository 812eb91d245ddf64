import { InvalidArgumentError } from 'commander';
import { PAPER_NAMES, paperOf, type Paper } from '../../../shared/extent.ts';

/** A finite number from `least` to `most`. */
export const number =
  (least = -Infinity, most = Infinity) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < least || value > most) {
      const range = most < Infinity ? ` from ${least} to ${most}` : least > -Infinity ? ` of at least ${least}` : '';
      throw new InvalidArgumentError(`Expected a number${range}.`);
    }
    return value;
  };

/** A whole number of at least `least`. */
export const whole =
  (least: number) =>
  (text: string): number => {
    const value = number(least)(text);
    if (!Number.isInteger(value)) throw new InvalidArgumentError('Expected a whole number.');
    return value;
  };

/** An amount of memory in bytes: `8GB`, `500MB`. */
export function memory(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*(MB|GB)$/i.exec(text.trim()) ?? [];
  const bytes = Number(amount) * (unit?.toUpperCase() === 'GB' ? 1e9 : 1e6);
  if (!(bytes > 0)) throw new InvalidArgumentError('Expected an amount of memory, for instance 8GB or 500MB.');
  return bytes;
}

/** A paper by name or by its sides. */
export function paper(text: string): Paper {
  const known = paperOf(text);
  if (!known) {
    throw new InvalidArgumentError(`Expected ${PAPER_NAMES.join(', ')}, or sides such as 60x40cm or 24x16in.`);
  }
  return known;
}

/** Collects the values of an option that may be given several times. */
export const several =
  <T>(parse: (text: string) => T) =>
  (text: string, before: readonly T[] = []): T[] => [...before, parse(text)];

/** Collects NAME=WEIGHT pairs. */
export function fader(text: string, before: Readonly<Record<string, number>> = {}): Record<string, number> {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected NAME=WEIGHT, for instance relu1_1=0.5.');
  return { ...before, [text.slice(0, at)]: number(0)(text.slice(at + 1)) };
}

/** Collects NUMBER=FILE pairs: files by number, from 1. */
export function numbered(text: string, before: Readonly<Record<number, string>> = {}): Record<number, string> {
  const [, place, file] = /^([1-9]\d*)=(.+)$/.exec(text) ?? [];
  if (place === undefined || file === undefined) {
    throw new InvalidArgumentError('Expected NUMBER=FILE, for instance 1=sky.png.');
  }
  if (Object.hasOwn(before, place)) throw new InvalidArgumentError(`Number ${place} is given twice.`);
  return { ...before, [place]: file };
}

/** `{ key: value }`, or nothing where there is no value: an absent property and an undefined one are not the same. */
export const optional = <K extends string, V>(key: K, value: V | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
