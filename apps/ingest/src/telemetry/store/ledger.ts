import { telemetryError, type TelemetryReceipt } from '@hms/contracts';
import type { Lane } from '../../database/lane.js';
import type { ResolvedReading } from '../reading.js';
import type { BatchIdentity, Submission } from '../submission.js';
import type { HospitalGroup } from './hospital-group.js';
import { text } from './statements.js';

interface LedgerRow {
  readonly gateway_id: string;
  readonly batch_key: string;
  readonly body_hash: string;
  readonly accepted: number;
  readonly duplicates: number;
  readonly unassigned: number;
  readonly rejected: Pick<TelemetryReceipt, 'rejected' | 'rejectedTotal'> | null;
}

interface Entry {
  readonly submission: Submission;
  readonly gatewayId: string;
  readonly identity: BatchIdentity;
}

const entriesOf = (submissions: readonly Submission[]): Entry[] =>
  submissions.flatMap((submission) => {
    const { identity, gatewayId } = submission.content;
    return identity ? [{ submission, identity, gatewayId }] : [];
  });

/** Statements that remember how the batches of the group are answered; none when no batch is to be known again. */
export function insertLedger(group: HospitalGroup, duplicates?: ReadonlySet<ResolvedReading>): string[] {
  const entries = entriesOf(group.submissions);
  if (entries.length === 0) return [];
  const rows = entries.map(({ submission, identity, gatewayId }) => {
    const { accepted, duplicates: known, unassigned, rejected, rejectedTotal } = submission.receipt(duplicates);
    const refused = rejectedTotal === 0 ? 'null' : `${text(JSON.stringify({ rejected, rejectedTotal }))}::jsonb`;
    const batch = `'${identity.day}', '${gatewayId}', ${text(identity.key)}, ${identity.bodyHash}`;
    return `(${batch}, ${accepted}, ${known}, ${unassigned}, ${refused})`;
  });
  return [
    `insert into ${group.hospital.schema}.telemetry_request
       (day, gateway_id, batch_key, body_hash, accepted, duplicates, unassigned, rejected) values ${rows.join(', ')}`,
  ];
}

/** Answers the batches that were answered before as they were then, and returns the others. */
export async function answerReplays(lane: Lane, group: HospitalGroup): Promise<HospitalGroup> {
  const entries = entriesOf(group.submissions);
  if (entries.length === 0) return group;
  const rows = await lane.run<LedgerRow>(selectLedger(group.hospital.schema, entries));
  const known = new Map(rows.map((row) => [`${row.gateway_id} ${row.batch_key}`, row]));
  const settled = new Set<Submission>();
  for (const { submission, identity, gatewayId } of entries) {
    const row = known.get(`${gatewayId} ${identity.key}`);
    if (!row) continue;
    settled.add(submission);
    if (BigInt(row.body_hash) === identity.bodyHash) submission.answerAsBefore(receiptOf(row, identity));
    else submission.fail(telemetryError('telemetry.batch-key-reused'));
  }
  return group.with(group.submissions.filter((submission) => !settled.has(submission)));
}

export function selectLedger(schema: string, entries: readonly Pick<Entry, 'identity' | 'gatewayId'>[]): string {
  const wanted = entries.map(
    ({ identity, gatewayId }) => `('${identity.day}'::date, '${gatewayId}'::uuid, ${text(identity.key)})`,
  );
  // One by one: of a list of keys PostgreSQL may look up the gateway's day, and read all of it.
  return `select known.* from (values ${wanted.join(', ')}) as wanted (day, gateway_id, batch_key), lateral (
      select gateway_id, batch_key, body_hash::text, accepted, duplicates, unassigned, rejected
        from ${schema}.telemetry_request stored
       where (stored.day, stored.gateway_id, stored.batch_key) = (wanted.day, wanted.gateway_id, wanted.batch_key)
       limit 1) as known`;
}

function receiptOf(row: LedgerRow, { key, stated }: BatchIdentity): TelemetryReceipt {
  const { accepted, duplicates, unassigned } = row;
  const { rejected, rejectedTotal } = row.rejected ?? { rejected: [], rejectedTotal: 0 };
  return { ...(stated ? { batch: key } : {}), accepted, duplicates, unassigned, rejected, rejectedTotal };
}
