import { describe, expect, it } from '@jest/globals';
import { frozen, type Plain } from './plain.js';

const fits = <T>(value: T & ([T] extends [Plain<T>] ? unknown : never)): T => value;

describe('what may be cached', () => {
  it('is what JSON gives back as it was; the compiler refuses the rest', () => {
    interface Ward {
      readonly id: string;
      readonly beds: readonly { label: string; floor?: number }[];
      closedAt: string | null;
    }
    const ward: Ward = { id: '1', beds: [{ label: 'A' }], closedAt: null };
    expect(JSON.parse(JSON.stringify(fits(ward)))).toEqual(ward);
    // @ts-expect-error a Date would come back as a string
    fits({ at: new Date() });
    // @ts-expect-error a bigint cannot be written
    fits({ counts: [1n] });
    // @ts-expect-error a Map would come back empty
    fits(new Map([['a', 1]]));
  });

  it('is frozen to its last part', () => {
    const value = frozen({ list: [{ a: 1 }], nothing: null });
    expect(Object.isFrozen(value.list[0])).toBe(true);
    expect(() => value.list.push({ a: 2 })).toThrow(TypeError);
  });
});
