import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import type { ReadyOp } from '../entities/entity.js';
import { entities } from '../entities/registry.js';
import type { SyncedThing } from '../sync-audit.js';
import { type Decided, type Decision, isRefusal } from './decision.js';
import { patientIdOf } from './op-target.js';

/** What the other services hear of it. */
export const eventsOf = ({ request, decisions }: Decided): object[] =>
  decisions.flatMap(({ entity, row, op, wrote }) =>
    entity && row && wrote
      ? [{ id: uuidv7(), actor_id: request.actor.userId, ...entities[entity].event(row, op?.kind ?? 'update') }]
      : [],
  );

const actions = { create: 'create', update: 'update', delete: 'delete', command: 'execute' } as const;
const names = {
  patients: 'patient',
  allergies: 'allergy',
  conditions: 'condition',
  observations: 'observation',
  appointments: 'appointment',
  encounters: 'encounter',
  notes: 'note',
} as const;
const forbidden = new Set(['forbidden', 'forbidden_scope', 'not_found']);

/** What the audit keeps of a request: what was done to what kind of thing, once, with all of which and of whom. */
export function thingsOf(decisions: readonly Decision[]): SyncedThing[] {
  const things = new Map<string, SyncedThing>();
  for (const thing of decisions.flatMap(thingOf)) {
    const key = [thing.action, thing.entity, thing.outcome, thing.reason].join(' ');
    const { entityIds, patientIds } = things.get(key) ?? { entityIds: [], patientIds: [] };
    things.set(key, {
      ...thing,
      entityIds: [...new Set([...entityIds, ...thing.entityIds])],
      patientIds: [...new Set([...patientIds, ...thing.patientIds])],
    });
  }
  return [...things.values()];
}

/** Refusals are kept where somebody tried what is not theirs to do; what was merely wrong waits in the quarantine. */
function thingOf({ entity, row, op, result, wrote }: Decision): SyncedThing[] {
  if (!op || !entity) return [];
  const denied = isRefusal(result.status) && forbidden.has(result.code ?? '');
  if (!wrote && !denied) return [];
  const thing = {
    action: actions[op.kind],
    entity: names[entity],
    entityIds: [writtenId(op, { wrote, row })],
    patientIds: row ? [row.patientId] : statedPatient(op),
    outcome: denied ? 'denied' : 'success',
    reason: denied ? (result.code ?? null) : null,
  } as const;
  const instead = entity === 'appointments' ? op.patch?.['rescheduleOf'] : undefined;
  // What it comes in place of is changed as well.
  return typeof instead === 'string' ? [thing, { ...thing, action: 'update', entityIds: [instead] }] : [thing];
}

/** Of an addition to a list, the entry that says it already. */
export const writtenId = ({ id }: ReadyOp, { wrote, row }: Pick<Decision, 'wrote' | 'row'>): string =>
  wrote && row ? row.id : id;

/** Whom somebody tried to write about. */
const statedPatient = (op: ReadyOp): string[] => (z.uuid().safeParse(patientIdOf(op)).success ? [patientIdOf(op)] : []);
