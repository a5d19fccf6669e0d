import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { toPatientChange } from './patient-change.js';

const values = (yours: object) =>
  Object.entries(yours).map(([field, value]: [string, unknown]) => ({ field, yours: value, theirs: null }));

describe('the values of a device', () => {
  it('are read as those of a PATCH', async () => {
    const change = await toPatientChange(values({ phone: null, deceasedAt: '2026-01-31T10:00:00Z' }));
    expect({ ...change }).toEqual({ phone: null, deceasedAt: new Date('2026-01-31T10:00:00Z') });
  });

  it.each([{}, { familyName: '' }, { mrn: '00000001' }, { allergyStatus: 'none-known' }, { phone: { a: 1 } }])(
    'are not taken over when a PATCH would refuse them: %j',
    async (yours) => {
      await expect(toPatientChange(values(yours))).rejects.toMatchObject({ code: 'sync-conflict.make-anew' });
    },
  );
});
