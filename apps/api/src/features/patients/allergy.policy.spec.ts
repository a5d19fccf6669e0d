import { describe, expect, it } from '@jest/globals';
import { AppError } from '@hms/contracts';
import { assertMayChange } from './allergy.policy.js';
import { verificationStatuses, type VerificationStatus } from './allergy.terms.js';

const outcome = (from: VerificationStatus, verificationStatus: string | undefined, statusReason?: string | null) => {
  try {
    assertMayChange(from, {
      ...(verificationStatus === undefined ? {} : { verificationStatus }),
      ...(statusReason === undefined ? {} : { statusReason }),
    });
    return 'allowed';
  } catch (err) {
    return err instanceof AppError ? err.code : 'crashed';
  }
};

describe('an allergy entry', () => {
  it.each(verificationStatuses.filter((status) => status !== 'entered-in-error'))('that is %s may become', (from) => {
    expect(outcome(from, 'confirmed')).toBe('allowed');
    expect(outcome(from, 'unconfirmed')).toBe('allowed');
    expect(outcome(from, 'refuted', 'why')).toBe('allowed');
    expect(outcome(from, 'entered-in-error', 'why')).toBe('allowed');
    expect(outcome(from, 'entered-in-error')).toBe('request.invalid');
  });

  it.each([...verificationStatuses, undefined])('that was an error does not become %s', (to) => {
    expect(outcome('entered-in-error', to, 'why')).toBe('allergy.entered-in-error');
  });

  it('that is refuted keeps its reason', () => {
    expect(outcome('refuted', undefined)).toBe('allowed');
    expect(outcome('refuted', 'refuted')).toBe('allowed');
    expect(outcome('refuted', undefined, 'a better one')).toBe('allowed');
    expect(outcome('refuted', undefined, null)).toBe('request.invalid');
    expect(outcome('unconfirmed', 'refuted', null)).toBe('request.invalid');
  });
});
