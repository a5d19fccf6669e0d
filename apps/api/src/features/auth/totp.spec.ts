import { describe, expect, it } from '@jest/globals';
import { acceptedStep, newTotpSecret, totpUri } from './totp.js';

/** `12345678901234567890` of RFC 6238 appendix B, in base 32. */
const rfcSecret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
/** Of the code of second 1,234,567,890. */
const step = 41_152_263;
const begins = step * 30;
const at = (seconds: number): Date => new Date(seconds * 1_000);

describe('a TOTP code', () => {
  // RFC 6238 appendix B, SHA-1: the last six of its eight digits.
  it.each([
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ])('of second %i is %s', (seconds, code) => {
    expect(acceptedStep(rfcSecret, code, at(seconds), 0)).toBe(Math.floor(seconds / 30));
  });

  it('counts one step before and after its own, and no further', () => {
    const accepted = [-31, -1, 0, 29, 30, 59, 60].map((late) =>
      acceptedStep(rfcSecret, '005924', at(begins + late), 1),
    );
    expect(accepted).toEqual([undefined, step, step, step, step, step, undefined]);
  });

  it('counts in its own step only where no drift is allowed', () => {
    const accepted = [-1, 0, 29, 30].map((late) => acceptedStep(rfcSecret, '005924', at(begins + late), 0));
    expect(accepted).toEqual([undefined, step, step, undefined]);
  });

  it.each(['', '28708', '2870820', 'abcdef', '２８７０８２'])('is six ASCII digits, not "%s"', (code) => {
    expect(acceptedStep(rfcSecret, code, at(59), 1)).toBeUndefined();
  });
});

describe('a new secret', () => {
  it('has 160 bits and is another one each time', () => {
    const secrets = Array.from({ length: 100 }, newTotpSecret);
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/);
  });

  it('is told to an app with the account it is for', () => {
    expect(totpUri(rfcSecret, 'a@b.example')).toBe(`otpauth://totp/HMS:a%40b.example?secret=${rfcSecret}&issuer=HMS`);
  });
});
