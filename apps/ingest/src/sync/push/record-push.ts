import { syncEntities } from '@hms/contracts';
import { uuidv7 } from 'uuidv7';
import { byHospital, type SyncAudit } from '../sync-audit.js';
import type { Decided, Decision } from './decision.js';
import type { HospitalTransaction } from './hospital-transaction.js';
import { eventsOf, thingsOf, writtenId } from './push-effects.js';
import type { AnsweredPush, PushRequest } from './push-request.js';

/** What is to be written down of a push: what became of ops, and where devices now stand. */
export interface PushRecord {
  readonly decided: readonly Decided[];
  readonly answers: readonly AnsweredPush[];
}

/** Names what is kept for a person to see, so that the result can say under which id. */
export const named = (decisions: readonly Decision[]): Decision[] =>
  decisions.map((decision) => ({
    ...decision,
    result: {
      ...decision.result,
      ...(needsInbox(decision) ? { conflict: uuidv7() } : {}),
      ...(needsQuarantine(decision) ? { quarantine: uuidv7() } : {}),
    },
  }));

/**
 * Writes what became of each op to the ledger, what a person has to see to the inbox and the quarantine of the hospital,
 * and tells the audit and the other services. Advances the numbers of the devices, and what they may hold.
 */
export async function recordPush(
  at: HospitalTransaction,
  audit: SyncAudit,
  { decided, answers }: PushRecord,
): Promise<void> {
  const { tx, hospital } = at;
  const sealed = decided.map(({ request: { actor, source }, decisions }) =>
    audit.sealed(actor, source, thingsOf(decisions)),
  );
  const record = {
    ops: decided.flatMap(ledgerRows),
    devices: answers.map(deviceRow),
    audit: byHospital(sealed.filter(({ rows }) => rows.length > 0)),
    events: decided.flatMap(eventsOf),
  };
  await Promise.all([
    fill(at, 'sync_conflict', rowsOf(decided, needsInbox, inboxRow)),
    fill(at, 'sync_quarantine', rowsOf(decided, needsQuarantine, quarantineRow)),
    tx`select sync.record_push(${hospital.id}, ${storableJson(record)}::text::jsonb)`,
  ]);
}

const needsInbox = ({ result, row }: Decision): boolean =>
  row !== undefined && (result.status === 'conflict' || (result.conflicts?.length ?? 0) > 0);

const needsQuarantine = ({ result }: Decision): boolean => ['rejected', 'blocked'].includes(result.status);

type Kept = Readonly<Record<string, unknown>>;

const rowsOf = (
  decided: readonly Decided[],
  which: (decision: Decision) => boolean,
  row: (request: PushRequest, decision: Decision) => Kept,
): Kept[] => decided.flatMap(({ request, decisions }) => decisions.filter(which).map((each) => row(request, each)));

/** PostgreSQL stores neither a NUL nor half a character, and what is refused may hold both. */
const storableJson = (value: unknown): string =>
  JSON.stringify(value).replaceAll(/\\u(?:0000|d[89a-f][0-9a-f]{2})/g, '\\ufffd');

async function fill({ tx, hospital }: HospitalTransaction, name: string, rows: readonly Kept[]): Promise<void> {
  const [first] = rows;
  if (!first) return;
  const table = `${hospital.schema}.${name}`;
  const columns = Object.keys(first).join(', ');
  await tx.unsafe(
    `insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1::text::jsonb)`,
    [storableJson(rows)],
  );
}

const ledgerRows = ({ request: { actor, deviceId }, decisions }: Decided): Kept[] =>
  decisions.map(({ raw, op, result, entity, row, wrote }) => ({
    op_id: raw.op,
    device_id: deviceId,
    seq: raw.seq,
    entity: entity === undefined ? null : syncEntities[entity].no,
    row_id: op ? writtenId(op, { wrote, row }) : null,
    status: result.status,
    code: result.code ?? null,
    // Only what this device made itself: from it follows which later changes are its own.
    version: wrote ? (row?.version ?? null) : null,
    user_id: actor.userId,
    client_at: op?.at ?? null,
    skew_ms: op?.off ?? null,
  }));

const deviceRow = ({ request, lastSeq, scope }: AnsweredPush): Kept => ({
  id: request.deviceId,
  last_seq: lastSeq,
  schema_version: request.schemaVersion,
  app: request.app ?? null,
  skew_ms: request.skewMs ?? null,
  scope: scope.keys,
  scope_ver: scope.ver,
  scope_before: scope.keysBefore,
  ver_before: scope.verBefore,
  scope_acked: scope.purged ? scope.ver : null,
});

function inboxRow({ actor, deviceId }: PushRequest, { op, raw, result, row }: Decision): Kept {
  return {
    id: result.conflict,
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

function quarantineRow({ actor, deviceId }: PushRequest, { op, raw, result, row }: Decision): Kept {
  const patientId = row?.patientId ?? op?.patch?.['patientId'] ?? null;
  return {
    id: result.quarantine,
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
