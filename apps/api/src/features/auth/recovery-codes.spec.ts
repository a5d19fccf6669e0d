import { describe, expect, it } from '@jest/globals';
import { hashRecoveryCode, isRecoveryCode, newRecoveryCodes } from './recovery-codes.js';

describe('recovery codes', () => {
  it('are ten different ones of 24 characters, 120 bits', () => {
    const codes = newRecoveryCodes();
    expect(new Set(codes).size).toBe(10);
    for (const code of codes) expect(code).toMatch(/^([a-z2-9]{4}-){5}[a-z2-9]{4}$/);
  });

  it('are known however somebody types them', () => {
    const [code = ''] = newRecoveryCodes();
    for (const typed of [code.toUpperCase(), ` ${code} `, code.replaceAll('-', '')]) {
      expect(isRecoveryCode(typed)).toBe(true);
      expect(hashRecoveryCode(typed)).toEqual(hashRecoveryCode(code));
    }
  });

  it('are no code of an app', () => {
    for (const text of ['123456', '', 'aaaa-bbbb', newRecoveryCodes().join('')]) {
      expect(isRecoveryCode(text)).toBe(false);
    }
  });
});
