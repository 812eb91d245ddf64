import { strengthOf, styleOf } from '../../../shared/studio/document.ts';

/**
 * Weights of the photo and of smoothness on the Strength slider's scale, 0 to 100, where 50 is what the network or preset
 * suggests; other than there, 0 is nothing at all.
 */

/** What 50 stands for: the suggestion, or something usual where that is nothing. */
export const referenceOf = (suggested: number, usual: number): number => (suggested > 0 ? suggested : usual);

export const amountOf = (weight: number, reference: number): number =>
  weight === 0 ? 0 : Math.max(1, strengthOf(weight, reference));

export const weightOf = (amount: number, reference: number): number => (amount <= 0 ? 0 : styleOf(amount, reference));

/** Which of seven words a place on the scale gets. */
export const STRENGTH_WORDS = ['trace', 'light', 'less', 'suggested', 'more', 'strong', 'most'] as const;
export type StrengthWord = (typeof STRENGTH_WORDS)[number];
const FROM: readonly number[] = [0, 8, 30, 46, 54.5, 70, 92];

export const strengthWord = (strength: number): StrengthWord =>
  STRENGTH_WORDS[FROM.findLastIndex((from) => strength >= from)] ?? 'trace';
