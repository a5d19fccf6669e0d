import { describe, expect, it } from '@jest/globals';
import { permissionsOf } from '@hms/contracts';
import { hospitalRef } from '@hms/database';
import type { HospitalIdentity } from '../../platform/access/actor.js';
import { audienceKey, audienceOf, roomsHearing, roomsOf, sameStanding, type Audience } from './audience.policy.js';

const hospital = hospitalRef({ id: '01900000-0000-7000-8000-000000000001', slug: 'north' });
const actor = (wardIds?: string[]): HospitalIdentity => ({
  userId: 'u',
  sessionId: 's',
  roles: ['nurse'],
  permissions: permissionsOf(['nurse']),
  hospital,
  ...(wardIds ? { wardIds } : {}),
});
const hears = (audience: Audience | undefined, wardId: string, hospitalId: string = hospital.id): boolean =>
  audience !== undefined && roomsOf(audience).some((room) => roomsHearing(hospitalId, wardId).includes(room));

describe('an audience', () => {
  it('of somebody not limited to wards is every ward, or the one asked for', () => {
    expect(hears(audienceOf(actor(), undefined), 'a')).toBe(true);
    expect(hears(audienceOf(actor(), 'a'), 'a')).toBe(true);
    expect(hears(audienceOf(actor(), 'a'), 'b')).toBe(false);
  });

  it('of somebody limited to wards is those wards, or the one of them asked for', () => {
    expect(hears(audienceOf(actor(['a', 'b']), undefined), 'b')).toBe(true);
    expect(hears(audienceOf(actor(['a', 'b']), undefined), 'c')).toBe(false);
    expect(hears(audienceOf(actor(['a', 'b']), 'a'), 'b')).toBe(false);
    expect(audienceOf(actor(['a', 'b']), 'c')).toBeUndefined();
    expect(audienceOf(actor(['a', 'b']), '*')).toBeUndefined();
    expect(hears(audienceOf(actor([]), undefined), 'a')).toBe(false);
  });

  it('never spans hospitals', () => {
    expect(hears(audienceOf(actor(), undefined), 'a', '01900000-0000-7000-8000-000000000002')).toBe(false);
  });

  it('is the same in whatever order its wards were listed', () => {
    const keys = [['a', 'b'], ['b', 'a'], ['a']].map((wardIds) => {
      const audience = audienceOf(actor(wardIds), undefined);
      return audience && audienceKey(audience);
    });
    expect(keys[0]).toBe(keys[1]);
    expect(keys[0]).not.toBe(keys[2]);
  });
});

describe('standing', () => {
  it('stays while roles, wards and hospital do', () => {
    expect(sameStanding(actor(), { roles: ['nurse'], hospital })).toBe(true);
    expect(sameStanding(actor(['a', 'b']), { roles: ['nurse'], hospital, wardIds: ['b', 'a'] })).toBe(true);
  });

  it.each([
    ['a role more', { roles: ['nurse', 'doctor'] as const, hospital }],
    ['another role', { roles: ['doctor'] as const, hospital }],
    ['no hospital', { roles: ['nurse'] as const }],
    ['a limit to wards', { roles: ['nurse'] as const, hospital, wardIds: [] }],
  ])('changes with %s', (_, state) => {
    expect(sameStanding(actor(), state)).toBe(false);
    expect(sameStanding(actor(['a']), { roles: ['nurse'], hospital, wardIds: ['b'] })).toBe(false);
    expect(sameStanding(actor(['a']), { roles: ['nurse'], hospital })).toBe(false);
  });
});
