import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { memory, numbered, paper } from '../../../../src/main/shells/cli/options.ts';

describe('options of the command line', () => {
  it('read amounts of memory', () => {
    expect(memory('8GB')).toBe(8e9);
    expect(memory('1.5 gb')).toBe(1.5e9);
    expect(memory('500MB')).toBe(5e8);
    for (const wrong of ['8', '0GB', '-1GB', 'GB', '8TB', ''])
      expect(() => memory(wrong)).toThrow(InvalidArgumentError);
  });

  it('collect files by number', () => {
    expect(numbered('2=b=c.png', numbered('1=a.png'))).toEqual({ 1: 'a.png', 2: 'b=c.png' });
    for (const wrong of ['a.png', '0=a.png', '1=', '=a.png', '-1=a.png', 'one=a.png'])
      expect(() => numbered(wrong)).toThrow(InvalidArgumentError);
    expect(() => numbered('1=b.png', numbered('1=a.png'))).toThrow(/1 is given twice/);
  });

  it('read papers', () => {
    expect(paper('A4')).toEqual({ width: 210, height: 297 });
    expect(() => paper('A7')).toThrow(/A0, A1.*60x40cm/);
  });
});
