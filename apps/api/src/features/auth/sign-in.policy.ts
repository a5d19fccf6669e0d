import { AppError, isRole, type Role } from '@hms/contracts';
import { authError } from './auth.errors.js';
import type { HospitalSummaryDto, UserSummaryDto } from './auth.dto.js';

/** A user with its living memberships in active hospitals, as a sign-in needs to know it. */
export interface UserWithMemberships {
  readonly id: string;
  readonly email: string;
  readonly displayName: string;
  readonly platformRole: string | null;
  readonly signInEpoch: number;
  readonly memberships: readonly { readonly role: string; readonly hospital: HospitalSummaryDto }[];
}

/** Where a user signs in to, and what it is there. */
export interface SignIn {
  readonly user: UserSummaryDto;
  readonly hospital: HospitalSummaryDto | null;
  /** Of the user when the sign-in began: once it has ended, nothing is opened. */
  readonly epoch: number;
}

/** Was somebody refused who tried to sign in? What an exhausted quota turned away was not looked at. */
export const isRefusal = (err: unknown): err is AppError =>
  err instanceof AppError && err.spec.status < 500 && err.code !== 'rate.limited';

export function hospitalsOf(user: UserWithMemberships): HospitalSummaryDto[] {
  return [...new Map(user.memberships.map(({ hospital }) => [hospital.id, hospital])).values()];
}

/**
 * Picks the hospital of a session: the one asked for, the only one there is, or none for a platform administrator.
 * @throws `auth.hospital-required` or `auth.not-a-member`
 */
export function chooseHospital(user: UserWithMemberships, slug: string | undefined): SignIn {
  const hospitals = hospitalsOf(user);
  if (slug !== undefined) {
    const hospital = hospitals.find((h) => h.slug === slug);
    if (!hospital) throw authError('auth.not-a-member');
    return signIn(user, hospital);
  }
  if (user.platformRole === 'super_admin') return signIn(user, null);
  const [only, ...others] = hospitals;
  if (!only) throw authError('auth.not-a-member');
  if (others.length > 0) {
    throw authError('auth.hospital-required', {
      members: { hospitals: hospitals.map(({ slug, name }) => ({ slug, name })) },
    });
  }
  return signIn(user, only);
}

export function signIn(user: UserWithMemberships, hospital: HospitalSummaryDto | null): SignIn {
  const { id, email, displayName, signInEpoch: epoch } = user;
  return { user: { id, email, displayName, roles: rolesIn(user, hospital) }, hospital, epoch };
}

function rolesIn(user: UserWithMemberships, hospital: HospitalSummaryDto | null): Role[] {
  if (!hospital) return ['super_admin'];
  return user.memberships
    .filter((m) => m.hospital.id === hospital.id)
    .map((m) => m.role)
    .filter(isRole);
}
