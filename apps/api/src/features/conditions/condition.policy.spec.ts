import { describe, expect, it } from '@jest/globals';
import { AppError } from '@hms/contracts';
import { assertMayChange, assertMayRecord, type Standing } from './condition.policy.js';
import { verificationStatuses } from './condition.terms.js';
import type { UpdateConditionDto } from './conditions.dto.js';

const outcome = (work: () => void): string => {
  try {
    work();
    return 'allowed';
  } catch (err) {
    if (!(err instanceof AppError)) throw err;
    return err.details.errors?.[0]?.field ?? err.code;
  }
};
const active: Standing = {
  clinicalStatus: 'active',
  verificationStatus: 'confirmed',
  onsetDate: '2020-05-01',
  abatementDate: null,
};
const change = (from: Partial<Standing>, to: UpdateConditionDto) =>
  outcome(() => {
    assertMayChange({ ...active, ...from }, to);
  });

describe('an entry of the problem list', () => {
  it.each(verificationStatuses.filter((status) => status !== 'entered-in-error'))(
    'that is %s becomes an error with a reason',
    (verificationStatus) => {
      const error = { verificationStatus: 'entered-in-error' } as const;
      expect(change({ verificationStatus }, error)).toBe('statusReason');
      expect(change({ verificationStatus }, { ...error, statusReason: null })).toBe('statusReason');
      expect(change({ verificationStatus }, { ...error, statusReason: 'another patient' })).toBe('allowed');
      expect(change({ verificationStatus }, { verificationStatus: 'confirmed' })).toBe('allowed');
    },
  );

  it.each([...verificationStatuses, undefined])('that was an error does not become %s', (verificationStatus) => {
    const to = { statusReason: 'why', ...(verificationStatus ? { verificationStatus } : {}) };
    expect(change({ verificationStatus: 'entered-in-error' }, to)).toBe('condition.entered-in-error');
  });

  it('ends no earlier than it began', () => {
    const resolved = { clinicalStatus: 'resolved' } as const;
    expect(change({}, { ...resolved, abatementDate: '2020-05-01' })).toBe('allowed');
    expect(change({}, { ...resolved, abatementDate: '2020-04-30' })).toBe('abatementDate');
    expect(change({ ...resolved, abatementDate: '2020-06-01' }, { onsetDate: '2020-06-02' })).toBe('abatementDate');
    expect(change({}, { ...resolved, onsetDate: null, abatementDate: '2019-01-01' })).toBe('allowed');
  });

  it.each(['active', 'recurrence', 'relapse'] as const)('has not ended while it is %s', (clinicalStatus) => {
    const over = { clinicalStatus: 'resolved', abatementDate: '2021-01-01' };
    expect(change(over, { clinicalStatus })).toBe('abatementDate');
    expect(change(over, { clinicalStatus, abatementDate: null })).toBe('allowed');
    expect(outcome(() => assertMayRecord({ display: 'x', clinicalStatus, abatementDate: '2021-01-01' }))).toBe(
      'abatementDate',
    );
  });

  it('is active when it is recorded, unless it says otherwise', () => {
    expect(outcome(() => assertMayRecord({ display: 'x', abatementDate: '2021-01-01' }))).toBe('abatementDate');
    expect(outcome(() => assertMayRecord({ display: 'x' }))).toBe('allowed');
  });

  it('may change elsewhere whatever its dates say', () => {
    expect(change({ abatementDate: '2019-01-01' }, { severity: 'mild' })).toBe('allowed');
  });
});
