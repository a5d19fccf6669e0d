import type { TransactionSql } from 'postgres';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import type { ReadyOp } from '../entities/entity.js';
import { entities } from '../entities/registry.js';
import type { SyncAudit, SyncedThing } from '../sync-audit.js';
import { type Decision, isRefusal } from './decision.js';
import { patientIdOf } from './op-target.js';
import type { Decided } from './record-decisions.js';

/** Tells the audit and the other services what was changed, in the transaction that changed it. */
export async function tellOthers(tx: TransactionSql, audit: SyncAudit, { request, decisions }: Decided): Promise<void> {
  const { actor, source } = request;
  const events = decisions.flatMap(({ entity, row, op, wrote }) =>
    entity && row && wrote
      ? [{ id: uuidv7(), actor_id: actor.userId, ...entities[entity].event(row, op?.kind === 'create') }]
      : [],
  );
  await Promise.all([
    audit.append(tx, actor, source, decisions.flatMap(thingOf)),
    events.length > 0
      ? tx`select public.append_outbox(${actor.hospital.id}, ${JSON.stringify(events)}::text::jsonb)`
      : undefined,
  ]);
}

const actions = { create: 'create', update: 'update', delete: 'delete', command: 'execute' } as const;
const names = {
  patients: 'patient',
  allergies: 'allergy',
  conditions: 'condition',
  observations: 'observation',
  notes: 'note',
} as const;
const forbidden = new Set(['forbidden', 'forbidden_scope', 'not_found']);

/** Refusals are kept where somebody tried what is not theirs to do; what was merely wrong waits in the quarantine. */
function thingOf({ entity, row, op, result, wrote }: Decision): SyncedThing[] {
  if (!op || !entity) return [];
  const denied = isRefusal(result.status) && forbidden.has(result.code ?? '');
  if (!wrote && !denied) return [];
  return [
    {
      action: actions[op.kind],
      entity: names[entity],
      entityIds: [op.id],
      patientIds: row ? [row.patientId] : statedPatient(op),
      outcome: denied ? 'denied' : 'success',
      reason: denied ? (result.code ?? null) : null,
    },
  ];
}

/** Whom somebody tried to write about. */
const statedPatient = (op: ReadyOp): string[] => (z.uuid().safeParse(patientIdOf(op)).success ? [patientIdOf(op)] : []);
