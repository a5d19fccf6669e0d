import type { Permission, Role } from '@hms/contracts';
import type { HospitalRef } from '@hms/database';
import type { RequestOrigin } from './request-origin.js';

/** Who is asking, from verified credentials and the session's present state only. */
export interface Identity {
  readonly userId: string;
  readonly sessionId: string;
  readonly roles: readonly Role[];
  readonly permissions: ReadonlySet<Permission>;
  /** When a second factor was verified in this session; absent: never. */
  readonly mfaAt?: Date;
  /** Absent for a super_admin, who acts on the platform and in no hospital. */
  readonly hospital?: HospitalRef;
  /** Wards the actor is limited to; absent means the whole hospital. */
  readonly wardIds?: readonly string[];
  /** The record a `patient` is the subject of. */
  readonly patientId?: string;
}

/** Somebody inside a hospital. */
export interface HospitalIdentity extends Identity {
  readonly hospital: HospitalRef;
}

/** A grant to reach one patient past the limits of one's wards. */
export interface BreakGlass {
  readonly id: string;
  readonly patientId: string;
}

/** Somebody asking through one HTTP request: what every route is given. */
export interface Actor extends Identity {
  readonly origin: RequestOrigin;
  /** By which grant this request reaches the patient it is about, when glass was broken for them. */
  readonly breakGlass?: BreakGlass;
}

/** An actor inside a hospital: what every route of scope `hospital` is given. */
export interface HospitalActor extends Actor {
  readonly hospital: HospitalRef;
}

export const isInHospital = <T extends Identity>(identity: T): identity is T & HospitalIdentity =>
  identity.hospital !== undefined;

/** Wards through which the actor may see this patient; undefined when wards do not matter. */
export const wardsFor = ({ wardIds, breakGlass }: Actor, patientId: string): readonly string[] | undefined =>
  breakGlass?.patientId === patientId ? undefined : wardIds;

/** May the actor see what happens on this ward? */
export const coversWard = (identity: Identity, wardId: string): boolean =>
  identity.wardIds === undefined || identity.wardIds.includes(wardId);
