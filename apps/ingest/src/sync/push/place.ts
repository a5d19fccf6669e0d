import { type ReadyOp, rejected, type Refusal } from '../entities/entity.js';
import type { Row } from '../entities/row.js';
import { patientIdOf } from './op-target.js';
import type { Placement, WorkingSet } from './working-set.js';

export interface Reach {
  /** By which keys the device may hold rows. */
  readonly scope: readonly string[];
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

const refusalOfNewPatient = (op: ReadyOp, { scope }: Reach): Refusal | undefined =>
  inScope(op.id, op.patch?.['wardId'], scope) ? undefined : otherWards;

const inScope = (patientId: string, wardId: unknown, scope: readonly string[]): boolean =>
  scope.includes('hospital') ||
  scope.includes(`patient:${patientId}`) ||
  (typeof wardId === 'string' && scope.includes(`ward:${wardId}`));
