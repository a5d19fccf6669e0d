import { describe, expect, it } from '@jest/globals';
import { permissions, permissionsOf, permissionTable, roles } from './permissions.js';

describe('the permission table', () => {
  // RBAC diagram of the HMS architecture document, role by role.
  it.each([
    ['super_admin', ['hospital:manage', 'user:manage']],
    ['hospital_admin', ['user:manage', 'patient:read', 'patient:write']],
    [
      'doctor',
      [
        'patient:read',
        'patient:write',
        'prescription:create',
        'prescription:read',
        'lab-order:create',
        'lab-result:read',
      ],
    ],
    ['nurse', ['patient:read', 'patient:write', 'prescription:read', 'lab-result:read']],
    ['pharmacist', ['patient:read', 'prescription:read', 'medication:dispense']],
    ['lab_staff', ['patient:read', 'lab-order:create', 'lab-result:read']],
    ['receptionist', ['patient:read', 'patient:write', 'patient:check-in']],
  ] as const)('gives a %s exactly what the document gives', (role, granted) => {
    const documented = permissions.slice(0, 10);
    expect(documented.filter((p) => permissionsOf([role]).has(p)).sort()).toEqual([...granted].sort());
  });

  it('gives nothing to nobody', () => {
    expect(permissionsOf([])).toEqual(new Set());
  });

  it('names only roles that exist', () => {
    const named = new Set(Object.values(permissionTable).flat());
    expect([...named].filter((role) => !roles.includes(role))).toEqual([]);
  });

  it('lets a receptionist see no clinical data', () => {
    const granted = permissionsOf(['receptionist']);
    const clinical = [
      'allergy:read',
      'condition:read',
      'note:read',
      'vitals:read',
      'lab-result:read',
      'prescription:read',
      'patient:history',
    ] as const;
    expect(clinical.filter((p) => granted.has(p))).toEqual([]);
  });
});
