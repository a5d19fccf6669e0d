import { type Permission, type Role, syncEntities, type SyncEntityName, syncEntityNames } from '@hms/contracts';
import type { Hospital } from '../../hospitals/hospital.js';

/** Who syncs: a user in a session of one hospital, as the database knows them now. */
export interface SyncActor {
  readonly userId: string;
  readonly sessionId: string;
  readonly hospital: Hospital;
  readonly roles: readonly Role[];
  readonly permissions: ReadonlySet<Permission>;
  /** The wards they work on; undefined for the whole hospital. */
  readonly wardIds: readonly string[] | undefined;
}

/** By which keys (`sync.keys_of`) a device of theirs may hold rows, patients of theirs for a while included. */
export function scopeOf({ wardIds }: SyncActor, patientIds: readonly string[]): readonly string[] {
  const wards = wardIds === undefined ? ['hospital'] : wardIds.map((id) => `ward:${id}`);
  return [...wards, ...patientIds.map((id) => `patient:${id}`)].sort();
}

export const readableBy = ({ permissions }: SyncActor): SyncEntityName[] =>
  syncEntityNames.filter((name) => permissions.has(syncEntities[name].read));

/** By their numbers in the feed. */
export const readableNumbers = (actor: SyncActor): ReadonlySet<number> =>
  new Set(readableBy(actor).map((name) => syncEntities[name].no));
