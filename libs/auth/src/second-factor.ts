import { needsSecondFactor, permissionsOf, type Permission, type Role } from '@hms/contracts';

/** What a session's permissions follow from. */
export interface Proof {
  readonly roles: readonly Role[];
  /** When a second factor was verified in the session; absent: never. */
  readonly mfaAt?: Date;
}

/** All that a session without the second factor its roles need is good for: getting one, and leaving. */
const untilProven: ReadonlySet<Permission> = new Set(['session:own']);

export const lacksSecondFactor = ({ roles, mfaAt }: Proof): boolean => needsSecondFactor(roles) && mfaAt === undefined;

/**
 * The roles a session may act in. Another provider's word (`fed`) is good for patients only, however the session came to
 * where its user is more: staff prove themselves with a password and a second factor of this platform.
 */
export const rolesProvenBy = (amr: readonly string[], roles: readonly Role[]): readonly Role[] =>
  amr.includes('fed') ? roles.filter((role) => role === 'patient') : roles;

/** The one place where a session's roles become permissions. */
export const permissionsIn = (proof: Proof): ReadonlySet<Permission> =>
  lacksSecondFactor(proof) ? untilProven : permissionsOf(proof.roles);
