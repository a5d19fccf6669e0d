import {
  type AuditAction,
  type AuditEvent,
  type AuditKeys,
  type AuditOutcome,
  canonicalText,
  sealedValues,
  toRow,
} from '@hms/audit';
import type { TransactionSql } from 'postgres';
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

/** Writes to the audit of the actor's hospital, within a transaction. */
export class SyncAudit {
  constructor(private readonly keys: AuditKeys) {}

  async append(
    tx: TransactionSql,
    actor: SyncActor,
    source: RequestSource,
    things: readonly SyncedThing[],
  ): Promise<void> {
    if (things.length === 0) return;
    const rows = things.map((thing) => this.#seal(this.#event(actor, source, thing)));
    const batch = JSON.stringify([{ hospital_id: actor.hospital.id, rows }]);
    await tx`select public.append_audit(${batch}::text::jsonb)`;
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
