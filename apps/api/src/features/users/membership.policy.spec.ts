import { describe, expect, it } from '@jest/globals';
import { AppError, hospitalRoles, type HospitalRole } from '@hms/contracts';
import fc from 'fast-check';
import { assertCoherent, planRoles, toUserDto, type Member, type Membership } from './membership.policy.js';

const membership = (role: string, more: Partial<Membership> = {}): Membership => ({
  id: `of ${role}`,
  role,
  wardIds: [],
  patientId: null,
  acceptedAt: new Date('2026-01-01'),
  disabledAt: null,
  createdAt: new Date('2026-01-01'),
  ...more,
});
const member = (memberships: Membership[], status = 'active'): Member => ({
  id: 'id',
  email: 'a@example.test',
  displayName: 'A',
  status,
  memberships,
});

describe('setting roles', () => {
  it('ends with exactly the wanted roles and touches no other membership', () => {
    const some = fc.uniqueArray(fc.constantFrom(...hospitalRoles));
    fc.assert(
      fc.property(some, some, (held, wanted) => {
        const plan = planRoles(
          held.map((role) => membership(role)),
          wanted,
        );
        const kept = held.filter((role) => plan.keep.includes(`of ${role}`));
        expect([...kept, ...plan.add].sort()).toEqual([...wanted].sort());
        expect([...plan.keep, ...plan.revoke].sort()).toEqual(held.map((role) => `of ${role}`).sort());
      }),
    );
  });
});

describe('a member', () => {
  const disabledAt = new Date();

  it.each([
    ['active', member([membership('nurse')])],
    ['invited', member([membership('nurse', { acceptedAt: null })], 'invited')],
    ['disabled', member([membership('nurse', { disabledAt })])],
    ['disabled', member([membership('nurse', { disabledAt })], 'invited')],
    ['disabled', member([membership('nurse')], 'disabled')],
  ])('is %s by its account and its memberships here', (status, who) => {
    expect(toUserDto(who).status).toBe(status);
  });

  it('is limited to wards only when every role is', () => {
    const [a, b] = [membership('nurse', { wardIds: ['a', 'b'] }), membership('doctor', { wardIds: ['b'] })];
    expect(toUserDto(member([a, b])).wardIds).toEqual(['a', 'b']);
    expect(toUserDto(member([a, membership('doctor')])).wardIds).toBeNull();
  });
});

describe('an invitation', () => {
  const invited = (roles: HospitalRole[], more: object = {}) => {
    try {
      assertCoherent({ email: 'a@example.test', displayName: 'A', roles, ...more });
      return 'coherent';
    } catch (err) {
      return err instanceof AppError ? err.details.errors?.[0]?.field : 'crashed';
    }
  };

  it('is for staff, or for the subject of one record', () => {
    expect(invited(['nurse', 'doctor'], { wardIds: ['a'] })).toBe('coherent');
    expect(invited(['patient'], { patientId: 'p' })).toBe('coherent');
  });

  it.each([
    ['roles', ['patient', 'nurse'] as HospitalRole[], { patientId: 'p' }],
    ['patientId', ['patient'] as HospitalRole[], {}],
    ['patientId', ['nurse'] as HospitalRole[], { patientId: 'p' }],
    ['wardIds', ['patient'] as HospitalRole[], { patientId: 'p', wardIds: ['a'] }],
  ])('names %s when it mixes them', (field, roles, more) => {
    expect(invited(roles, more)).toBe(field);
  });
});
