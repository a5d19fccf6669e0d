import type { Permission, Role } from '@hms/contracts';
import type { HospitalRef } from '@hms/database';

/** Who is asking, from verified credentials and the session's present state only. */
export interface Actor {
  readonly userId: string;
  readonly sessionId: string;
  readonly roles: readonly Role[];
  readonly permissions: ReadonlySet<Permission>;
  /** Absent for a super_admin, who acts on the platform and in no hospital. */
  readonly hospital?: HospitalRef;
  /** Wards the actor is limited to; absent means the whole hospital. */
  readonly wardIds?: readonly string[];
  /** The record a `patient` is the subject of. */
  readonly patientId?: string;
}

/** An actor inside a hospital: what every route of scope `hospital` is given. */
export interface HospitalActor extends Actor {
  readonly hospital: HospitalRef;
}

export const isInHospital = (actor: Actor): actor is HospitalActor => actor.hospital !== undefined;

/** May the actor see what happens on this ward? */
export const coversWard = (actor: Actor, wardId: string): boolean =>
  actor.wardIds === undefined || actor.wardIds.includes(wardId);
