import { describe, expect, it } from '@jest/globals';
import { permissionsOf, roles, secondFactorRoles } from '@hms/contracts';
import { lacksSecondFactor, permissionsIn, rolesProvenBy } from './second-factor.js';

const mfaAt = new Date('2026-01-01T00:00:00Z');

it('another provider vouches for patients only', () => {
  expect(rolesProvenBy(['fed', 'otp'], ['doctor', 'patient'])).toEqual(['patient']);
  expect(rolesProvenBy(['pwd'], ['doctor', 'patient'])).toEqual(['doctor', 'patient']);
});

describe('the permissions of a session', () => {
  it.each(secondFactorRoles)('of a %s are those to get a second factor until it was verified', (role) => {
    expect(permissionsIn({ roles: [role] })).toEqual(new Set(['session:own']));
    expect(permissionsIn({ roles: [role], mfaAt })).toEqual(permissionsOf([role]));
  });

  it.each(roles.filter((role) => !secondFactorRoles.some((r) => r === role)))(
    'of a %s need no second factor',
    (role) => {
      expect(permissionsIn({ roles: [role] })).toEqual(permissionsOf([role]));
    },
  );

  it('are held back as a whole when one of several roles needs the second factor', () => {
    expect(permissionsIn({ roles: ['nurse', 'doctor'] })).toEqual(new Set(['session:own']));
    expect(lacksSecondFactor({ roles: ['nurse', 'doctor'] })).toBe(true);
  });
});
