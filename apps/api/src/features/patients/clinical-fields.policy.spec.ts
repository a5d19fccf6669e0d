import { describe, expect, it } from '@jest/globals';
import { AppError, hospitalRoles, permissionsOf, permissionTable, type HospitalRole, type Role } from '@hms/contracts';
import type { Identity } from '../../platform/access/actor.js';
import { assertMayWrite, clinicalFields, seesClinicalFields, seesDeleted } from './clinical-fields.policy.js';
import { hiddenColumns } from './patient-history.policy.js';

const record = '01900000-0000-7000-8000-000000000001';
const actor = (role: HospitalRole, patientId?: string): Identity => ({
  userId: 'user',
  sessionId: 'session',
  roles: [role],
  permissions: permissionsOf([role]),
  ...(patientId === undefined ? {} : { patientId }),
});
const holds = (role: Role, permission: keyof typeof permissionTable): boolean =>
  (permissionTable[permission] as readonly Role[]).includes(role);

describe('clinical fields', () => {
  it.each(hospitalRoles.filter((role) => role !== 'patient'))(
    'are shown to a %s as the permission table says',
    (role) => {
      expect(seesClinicalFields(actor(role), record)).toBe(holds(role, 'allergy:read'));
    },
  );

  it('are shown to the patient itself only', () => {
    expect(seesClinicalFields(actor('patient', record), record)).toBe(true);
    expect(seesClinicalFields(actor('patient', 'another'), record)).toBe(false);
    expect(seesClinicalFields(actor('patient'), record)).toBe(false);
    expect(seesClinicalFields(actor('receptionist', record), record)).toBe(false);
  });

  it.each(hospitalRoles)('are written by a %s as the permission table says', (role) => {
    const write = (): void => assertMayWrite(actor(role), { bloodGroup: null });
    if (holds(role, 'allergy:write')) expect(write).not.toThrow();
    else expect(write).toThrow(AppError);
    expect(() => assertMayWrite(actor(role), { phone: null })).not.toThrow();
  });

  it('are hidden from the history under the names of their columns', () => {
    expect(hiddenColumns(true)).toEqual(['id', 'patient_id', 'text']);
    expect(hiddenColumns(false)).toEqual(['id', 'patient_id', 'text', 'allergy_status', 'blood_group']);
    expect(clinicalFields).toHaveLength(2);
  });
});

describe('deleted records', () => {
  it.each(hospitalRoles)('are shown to a %s as the permission table says', (role) => {
    expect(seesDeleted(actor(role))).toBe(holds(role, 'patient:delete'));
  });
});
