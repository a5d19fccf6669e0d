/**
 * Who may do what. The roles and the first ten permissions are the matrix of the HMS architecture document
 * ("RBAC"), kept exactly; the rest are this platform's additions.
 */
export const roles = [
  'super_admin',
  'hospital_admin',
  'doctor',
  'nurse',
  'pharmacist',
  'lab_staff',
  'receptionist',
  'billing_clerk',
  'patient',
] as const;
export type Role = (typeof roles)[number];
/** Roles a hospital gives; `super_admin` belongs to the platform. */
export type HospitalRole = Exclude<Role, 'super_admin'>;
export const hospitalRoles = roles.filter((role): role is HospitalRole => role !== 'super_admin');

const documented = {
  'hospital:manage': ['super_admin'],
  'user:manage': ['super_admin', 'hospital_admin'],
  'patient:read': ['hospital_admin', 'doctor', 'nurse', 'pharmacist', 'lab_staff', 'receptionist'],
  'patient:write': ['hospital_admin', 'doctor', 'nurse', 'receptionist'],
  'prescription:create': ['doctor'],
  'prescription:read': ['doctor', 'nurse', 'pharmacist'],
  'medication:dispense': ['pharmacist'],
  'lab-order:create': ['doctor', 'lab_staff'],
  'lab-result:read': ['doctor', 'nurse', 'lab_staff'],
  'patient:check-in': ['receptionist'],
} as const satisfies Record<string, readonly Role[]>;

const added = {
  'session:own': [...roles],
  'notification:own': hospitalRoles,
  'notification:send': ['hospital_admin', 'doctor', 'nurse', 'receptionist'],
  'notification:manage': ['hospital_admin'],
  'live:listen': hospitalRoles.filter((role) => role !== 'patient'),
  'admin:read': ['super_admin', 'hospital_admin'],
  'queue:inspect': ['super_admin'],
  'patient:delete': ['hospital_admin'],
  'patient:history': ['hospital_admin', 'doctor', 'nurse'],
  'patient:own': ['patient'],
  'audit:read': ['hospital_admin'],
  'audit:platform': ['super_admin'],
  'allergy:read': ['doctor', 'nurse', 'pharmacist', 'lab_staff'],
  'allergy:write': ['doctor', 'nurse', 'pharmacist'],
  'condition:read': ['doctor', 'nurse', 'pharmacist', 'lab_staff'],
  'condition:write': ['doctor', 'nurse'],
  'note:read': ['doctor', 'nurse'],
  'note:write': ['doctor', 'nurse'],
  'patient:place': ['hospital_admin', 'doctor', 'nurse', 'receptionist'],
  'sync:own': ['doctor', 'nurse', 'lab_staff', 'receptionist'],
  'sync:supervise': ['hospital_admin'],
  'ward:read': ['hospital_admin', 'doctor', 'nurse', 'pharmacist', 'lab_staff', 'receptionist'],
  'ward:manage': ['hospital_admin'],
  'schedule:read': ['hospital_admin', 'doctor', 'nurse', 'receptionist', 'patient'],
  'schedule:manage': ['hospital_admin'],
  'schedule:overbook': ['hospital_admin', 'doctor', 'receptionist'],
  'appointment:read': ['hospital_admin', 'doctor', 'nurse', 'receptionist', 'patient'],
  'appointment:book': ['hospital_admin', 'doctor', 'nurse', 'receptionist', 'patient'],
  'appointment:conduct': ['hospital_admin', 'doctor', 'nurse', 'receptionist'],
  'encounter:read': ['hospital_admin', 'doctor', 'nurse', 'receptionist'],
  'encounter:register': ['doctor', 'nurse', 'receptionist'],
  'encounter:conduct': ['doctor', 'nurse'],
  'encounter-settings:manage': ['hospital_admin'],
  'terminology:read': ['hospital_admin', 'doctor', 'nurse', 'pharmacist', 'lab_staff', 'billing_clerk'],
  'timeline:read': ['doctor', 'nurse'],
  'admission:read': ['hospital_admin', 'doctor', 'nurse', 'receptionist'],
  'admission:manage': ['doctor', 'nurse', 'receptionist'],
  'admission:discharge': ['doctor'],
  'bed:read': ['hospital_admin', 'doctor', 'nurse', 'receptionist'],
  'bed:assign': ['hospital_admin', 'doctor', 'nurse', 'receptionist'],
  'vitals:read': ['doctor', 'nurse'],
  'observation:chart': ['doctor', 'nurse'],
  'alarm:read': ['doctor', 'nurse'],
  'alarm:acknowledge': ['doctor', 'nurse'],
  'alarm:suppress': ['doctor', 'nurse'],
  'alarm-settings:read': ['hospital_admin', 'doctor', 'nurse'],
  'alarm-settings:manage': ['hospital_admin'],
  'monitoring:manage': ['doctor'],
  'gateway:manage': ['hospital_admin'],
  'device:read': ['hospital_admin', 'doctor', 'nurse'],
  'device:manage': ['hospital_admin'],
  'device:assign': ['hospital_admin', 'doctor', 'nurse'],
  'break-glass:open': ['doctor', 'nurse'],
  'break-glass:review': ['hospital_admin'],
} as const satisfies Record<string, readonly Role[]>;

export const permissionTable = { ...documented, ...added } as const;
export type Permission = keyof typeof permissionTable;
export const permissions = Object.keys(permissionTable) as Permission[];

/**
 * Permissions that show no patient and change no one's rights. A route that needs any other must say what it leaves in
 * the audit, so a permission that is new and not named here is audited.
 */
export const unauditedPermissions: ReadonlySet<Permission> = new Set<Permission>([
  'session:own',
  'ward:read',
  'bed:read',
  'schedule:read',
  'terminology:read',
  'queue:inspect',
]);

const grants: ReadonlyMap<Role, ReadonlySet<Permission>> = new Map(
  roles.map((role) => [
    role,
    new Set(permissions.filter((p) => (permissionTable[p] as readonly Role[]).includes(role))),
  ]),
);

const none: ReadonlySet<Permission> = new Set();

/** The union of what the roles may do. No role, no permission. */
export function permissionsOf(held: readonly Role[]): ReadonlySet<Permission> {
  const [first, ...others] = held.map((role) => grants.get(role) ?? none);
  if (!first) return none;
  // Nearly everybody has one role, and this is asked at every request.
  return others.length === 0 ? first : new Set([first, ...others].flatMap((granted) => [...granted]));
}

/** Roles whose holders may work only in a session opened with a second factor. */
export const secondFactorRoles = [
  'super_admin',
  'hospital_admin',
  'doctor',
  'pharmacist',
] as const satisfies readonly Role[];

export const needsSecondFactor = (held: readonly Role[]): boolean =>
  secondFactorRoles.some((role) => held.includes(role));

export const isRole = (value: unknown): value is Role => roles.includes(value as Role);
