import { type ReadyOp, rejected, type Refusal } from '../entities/entity.js';
import type { Row } from '../entities/row.js';
import { patientIdOf } from './op-target.js';
import type { Placement, WorkingSet } from './working-set.js';

export interface Reach {
  /** By which keys the device may hold rows. */
  readonly scope: readonly string[];
  /** Whether the record number is one of those set aside for the device. */
  readonly ownsMrn: (mrn: string) => boolean;
}

/** Why the op may not act where it does, whatever it does there; undefined when it may. */
export function refusalOfPlace(op: ReadyOp, row: Row | undefined, set: WorkingSet, reach: Reach): Refusal | undefined {
  if (op.kind !== 'create' && !row) return rejected('not_found', 'There is no such row.');
  const patientId = row?.patientId ?? patientIdOf(op);
  const placement = set.placement(patientId);
  if (op.entity === 'patients') {
    return placement ? refusalOfPatient(op, patientId, placement, reach) : refusalOfNewPatient(op, reach);
  }
  if (!placement) return rejected('parent_missing', 'There is no such patient.');
  if (!inScope(patientId, placement.wardId, reach.scope)) return notYours;
  return placement.deleted ? rejected('deleted', "The patient's record was deleted.") : undefined;
}

const notYours = rejected('forbidden_scope', 'The patient is none of yours any more.');
const otherWards = rejected('forbidden_scope', 'You work on other wards.', [
  { field: 'wardId', message: 'must be a ward of yours' },
]);

function refusalOfPatient(op: ReadyOp, id: string, { wardId }: Placement, { scope }: Reach): Refusal | undefined {
  if (!inScope(id, wardId, scope)) return notYours;
  const moveTo = op.patch?.['wardId'];
  return moveTo === undefined || inScope(id, moveTo, scope) ? undefined : otherWards;
}

function refusalOfNewPatient(op: ReadyOp, { scope, ownsMrn }: Reach): Refusal | undefined {
  if (!inScope(op.id, op.patch?.['wardId'], scope)) return otherWards;
  const mrn = op.patch?.['mrn'];
  if (typeof mrn !== 'string' || ownsMrn(mrn)) return undefined;
  const errors = [{ field: 'mrn', message: 'was not set aside' }];
  return rejected('invalid', 'The record number is none of this device.', errors);
}

const inScope = (patientId: string, wardId: unknown, scope: readonly string[]): boolean =>
  scope.includes('hospital') ||
  scope.includes(`patient:${patientId}`) ||
  (typeof wardId === 'string' && scope.includes(`ward:${wardId}`));
