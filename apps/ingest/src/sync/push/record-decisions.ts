import { syncEntities } from '@hms/contracts';
import type { TransactionSql } from 'postgres';
import { uuidv7 } from 'uuidv7';
import type { Decision } from './decision.js';
import type { PushRequest } from './push-request.js';

export interface Decided {
  readonly request: PushRequest;
  readonly decisions: readonly Decision[];
}

/**
 * Writes what became of each op to the ledger, and what a person has to see to the inbox and the quarantine of the
 * hospital. @returns the decisions, which now name what was kept
 */
export async function recordDecisions(tx: TransactionSql, schema: string, decided: Decided): Promise<Decision[]> {
  const recorded = decided.decisions.map((decision) => ({ decision, id: uuidv7() }));
  const toInbox = recorded.filter(({ decision }) => needsInbox(decision));
  const toQuarantine = recorded.filter(({ decision: { result } }) => ['rejected', 'blocked'].includes(result.status));
  await Promise.all([
    ledger(tx, decided),
    fill(
      tx,
      `${schema}.sync_conflict`,
      toInbox.map(({ decision, id }) => inboxRow(decided.request, decision, id)),
    ),
    fill(
      tx,
      `${schema}.sync_quarantine`,
      toQuarantine.map(({ decision, id }) => quarantineRow(decided.request, decision, id)),
    ),
  ]);
  const inbox = new Set(toInbox.map(({ decision }) => decision));
  const quarantine = new Set(toQuarantine.map(({ decision }) => decision));
  return recorded.map(({ decision, id }) => ({
    ...decision,
    result: {
      ...decision.result,
      ...(inbox.has(decision) ? { conflict: id } : {}),
      ...(quarantine.has(decision) ? { quarantine: id } : {}),
    },
  }));
}

const needsInbox = ({ result, row }: Decision): boolean =>
  row !== undefined && (result.status === 'conflict' || (result.conflicts?.length ?? 0) > 0);

/** PostgreSQL stores neither a NUL nor half a character, and what is refused may hold both. */
const storableJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/\\u(?:0000|d[89a-f][0-9a-f]{2})/g, '\\ufffd');

async function fill(tx: TransactionSql, table: string, rows: readonly Record<string, unknown>[]): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const names = Object.keys(first).join(', ');
  await tx.unsafe(
    `insert into ${table} (${names}) select ${names} from jsonb_populate_recordset(null::${table}, $1::text::jsonb)`,
    [storableJson(rows)],
  );
}

async function ledger(tx: TransactionSql, { request, decisions }: Decided): Promise<void> {
  const { actor, deviceId } = request;
  await fill(
    tx,
    'sync.op',
    decisions.map(({ raw, op, result, entity, row, wrote }) => ({
      op_id: raw.op,
      hospital_id: actor.hospital.id,
      device_id: deviceId,
      seq: raw.seq,
      entity: entity === undefined ? null : syncEntities[entity].no,
      row_id: op?.id ?? null,
      status: result.status,
      code: result.code ?? null,
      // Only what this device made itself: from it follows which later changes are its own.
      version: wrote ? (row?.version ?? null) : null,
      user_id: actor.userId,
      client_at: op?.at ?? null,
      skew_ms: op?.off ?? null,
      at: new Date().toISOString(),
    })),
  );
}

function inboxRow(
  { actor, deviceId }: PushRequest,
  { op, raw, result, row }: Decision,
  id: string,
): Record<string, unknown> {
  return {
    id,
    op_id: raw.op,
    device_id: deviceId,
    user_id: actor.userId,
    entity: op?.entity,
    row_id: row?.id,
    patient_id: row?.patientId,
    kind: result.status === 'conflict' ? 'conflict' : 'merged',
    code: result.code ?? null,
    base_version: op?.base ?? null,
    row_version: row?.version,
    fields: (result.conflicts ?? []).map(({ field, yours, theirs }) => ({ field, yours, theirs })),
    op: raw,
    client_at: op?.at,
    skew_ms: op?.off ?? 0,
    created_at: new Date().toISOString(),
    version: 1,
    updated_at: new Date().toISOString(),
  };
}

function quarantineRow(
  { actor, deviceId }: PushRequest,
  { op, raw, result, row }: Decision,
  id: string,
): Record<string, unknown> {
  const patientId = row?.patientId ?? op?.patch?.['patientId'] ?? null;
  return {
    id,
    op_id: raw.op,
    device_id: deviceId,
    user_id: actor.userId,
    seq: raw.seq,
    entity: op?.entity ?? (typeof raw['entity'] === 'string' ? raw['entity'].slice(0, 64) : ''),
    row_id: op?.id ?? null,
    patient_id: op?.entity === 'patients' ? op.id : patientId,
    code: result.code ?? result.status,
    reason: result.text ?? '',
    op: raw,
    created_at: new Date().toISOString(),
    version: 1,
    updated_at: new Date().toISOString(),
  };
}
