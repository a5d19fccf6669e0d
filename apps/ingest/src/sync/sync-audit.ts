import {
  type AuditAction,
  type AuditEvent,
  type AuditKeys,
  type AuditOutcome,
  canonicalText,
  sealedValues,
  toRow,
} from '@hms/audit';
import type { ISql, PendingQuery, Row, TransactionSql } from 'postgres';
import { uuidv7 } from 'uuidv7';
import type { SyncActor } from './access/sync-actor.js';
import type { RequestSource } from './push/push-request.js';

/** What of a sync is kept in the audit. */
export interface SyncedThing {
  readonly action: AuditAction;
  readonly entity: string;
  readonly entityIds: readonly string[];
  readonly patientIds: readonly string[];
  readonly outcome: AuditOutcome;
  readonly reason: string | null;
}

/** Sealed events of one hospital, as `public.append_audit` takes them. */
export interface HospitalAudit {
  readonly hospital_id: string;
  readonly rows: readonly object[];
}

export const writeAudit = (sql: ISql, all: readonly HospitalAudit[]): PendingQuery<Row[]> =>
  sql`select public.append_audit(${JSON.stringify(byHospital(all))}::text::jsonb)`;

/** One of each hospital: each takes a statement of its own. */
export function byHospital(all: readonly HospitalAudit[]): HospitalAudit[] {
  const rows = new Map<string, object[]>();
  for (const one of all) rows.set(one.hospital_id, [...(rows.get(one.hospital_id) ?? []), ...one.rows]);
  return [...rows].map(([id, its]) => ({ hospital_id: id, rows: its }));
}

/** Writes to the audit of the actor's hospital, within a transaction. */
export class SyncAudit {
  constructor(private readonly keys: AuditKeys) {}

  async append(
    tx: TransactionSql,
    actor: SyncActor,
    source: RequestSource,
    things: readonly SyncedThing[],
  ): Promise<void> {
    if (things.length > 0) await writeAudit(tx, [this.sealed(actor, source, things)]);
  }

  /** What is to be written to the audit. */
  sealed(actor: SyncActor, source: RequestSource, things: readonly SyncedThing[]): HospitalAudit {
    const rows = things.map((thing) => this.#seal(this.#event(actor, source, thing)));
    return { hospital_id: actor.hospital.id, rows };
  }

  #event(
    { userId, sessionId, roles, hospital }: SyncActor,
    { requestId, address, operation }: RequestSource,
    thing: SyncedThing,
  ): AuditEvent {
    return {
      id: uuidv7(),
      hospitalId: hospital.id,
      actorId: userId,
      actorRoles: roles,
      ...thing,
      operation,
      ip: address,
      userAgent: null,
      sessionId,
      requestId,
      breakGlass: null,
    };
  }

  #seal(event: AuditEvent): object {
    const keyId = this.keys.sealingKeyId;
    const { mac } = this.keys.seal(canonicalText(event.hospitalId, keyId, sealedValues(event)));
    return toRow(event, { keyId, mac });
  }
}
