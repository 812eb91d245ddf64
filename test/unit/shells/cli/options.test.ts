import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { memory, paper } from '../../../../src/main/shells/cli/options.ts';

describe('options of the command line', () => {
  it('read amounts of memory', () => {
    expect(memory('8GB')).toBe(8e9);
    expect(memory('1.5 gb')).toBe(1.5e9);
    expect(memory('500MB')).toBe(5e8);
    for (const wrong of ['8', '0GB', '-1GB', 'GB', '8TB', ''])
      expect(() => memory(wrong)).toThrow(InvalidArgumentError);
  });

  it('read papers', () => {
    expect(paper('A4')).toEqual({ width: 210, height: 297 });
    expect(() => paper('A7')).toThrow(/A0, A1.*60x40cm/);
  });
});
