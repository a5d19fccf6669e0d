import { syncEntities, syncEntityNames, type SyncEntityName } from '@hms/contracts';
import { coversWard, type Identity } from '../../../platform/access/actor.js';
import { clinicalFields, seesClinicalFields } from '../../patients/clinical-fields.policy.js';

/** A field in which a device and the record disagreed. */
export interface ConflictField {
  readonly field: string;
  readonly yours: unknown;
  readonly theirs: unknown;
}

/** As far as decisions about it go. */
export interface Conflict {
  readonly userId: string;
  readonly entity: string;
  readonly patientId: string;
  /** Where the patient lies now. */
  readonly wardId: string | null;
}

/** Entities of which the actor may know what they say. */
export const readableEntities = ({ permissions }: Pick<Identity, 'permissions'>): SyncEntityName[] =>
  syncEntityNames.filter((name) => permissions.has(syncEntities[name].read));

/** Those who made the change look after it, and those who work on the patient's ward. */
export function mayDecide(identity: Identity, { userId, entity, wardId }: Conflict): boolean {
  if (!readableEntities(identity).some((name) => name === entity)) return false;
  if (userId === identity.userId) return true;
  return wardId !== null && identity.permissions.has('patient:read') && coversWard(identity, wardId);
}

/** The fields this reader may see. */
export function visibleFields(
  identity: Identity,
  { entity, patientId }: Pick<Conflict, 'entity' | 'patientId'>,
  fields: readonly ConflictField[],
): ConflictField[] {
  const sees = entity !== 'patients' || seesClinicalFields(identity, patientId);
  return fields.filter(({ field }) => sees || !clinicalFields.some((clinical) => clinical === field));
}

/** What a conflict says of its fields, as it was stored. */
export function parseFields(stored: unknown): ConflictField[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((each: unknown) => {
    if (typeof each !== 'object' || each === null || !('field' in each) || typeof each.field !== 'string') return [];
    const { yours = null, theirs = null } = each as { readonly yours?: unknown; readonly theirs?: unknown };
    return [{ field: each.field, yours, theirs }];
  });
}
