import { commonError, hospitalRoles, type HospitalRole } from '@hms/contracts';
import type { InviteUserDto, UserDto, UserStatus } from './users.dto.js';

/** A membership that was not revoked. */
export interface Membership {
  readonly id: string;
  readonly role: string;
  readonly wardIds: readonly string[];
  readonly patientId: string | null;
  /** Null while the person has not accepted the invitation. */
  readonly acceptedAt: Date | null;
  readonly disabledAt: Date | null;
  readonly createdAt: Date;
}

export interface Member {
  readonly id: string;
  readonly email: string;
  readonly displayName: string;
  /** Of the account, in all hospitals. */
  readonly status: string;
  readonly memberships: readonly Membership[];
}

/** What has to happen to a user's memberships. */
export interface RolePlan {
  readonly revoke: readonly string[];
  readonly keep: readonly string[];
  readonly add: readonly HospitalRole[];
}

export function planRoles(current: readonly Membership[], wanted: readonly HospitalRole[]): RolePlan {
  const isWanted = ({ role }: Membership): boolean => wanted.some((w) => w === role);
  const held = new Set(current.map(({ role }) => role));
  return {
    revoke: current.filter((membership) => !isWanted(membership)).map(({ id }) => id),
    keep: current.filter(isWanted).map(({ id }) => id),
    add: wanted.filter((role) => !held.has(role)),
  };
}

export function statusIn(member: Member): UserStatus {
  if (member.status === 'disabled' || member.memberships.every((m) => m.disabledAt !== null)) return 'disabled';
  return member.memberships.every((m) => m.acceptedAt === null) ? 'invited' : 'active';
}

export const isPatientAccount = (memberships: readonly Membership[]): boolean =>
  memberships.some(({ role }) => role === 'patient');

/** A patient's login is for one record and nothing else. @throws `request.invalid` */
export function assertCoherent({ roles, patientId, wardIds = [] }: InviteUserDto): void {
  const asPatient = roles.includes('patient');
  const problem = (field: string, message: string) =>
    commonError('request.invalid', { errors: [{ field, code: 'coherent', message }] });
  if (asPatient && roles.length > 1) throw problem('roles', 'roles must not mix patient with staff roles');
  if (asPatient && patientId === undefined) throw problem('patientId', 'patientId must name the record of the patient');
  if (!asPatient && patientId !== undefined) throw problem('patientId', 'patientId belongs to the role patient only');
  if (asPatient && wardIds.length > 0) throw problem('wardIds', 'wardIds belong to staff roles only');
}

export function toUserDto(member: Member): UserDto {
  const { id, email, displayName, memberships } = member;
  const held = new Set(memberships.map(({ role }) => role));
  const limited = memberships.length > 0 && memberships.every(({ wardIds }) => wardIds.length > 0);
  const since = Math.min(...memberships.map(({ createdAt }) => createdAt.getTime()));
  return {
    id,
    email,
    displayName,
    status: statusIn(member),
    roles: hospitalRoles.filter((role) => held.has(role)),
    wardIds: limited ? [...new Set(memberships.flatMap(({ wardIds }) => wardIds))] : null,
    patientId: memberships.find(({ patientId }) => patientId !== null)?.patientId ?? null,
    memberSince: new Date(since).toISOString(),
  };
}
