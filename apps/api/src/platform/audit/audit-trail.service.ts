import { canonicalText, sealedValues, toRow, type AuditEvent, type AuditKeys } from '@hms/audit';
import { Inject, Injectable } from '@nestjs/common';
import { isTenantTx, sqlState, type PublicTx, type TenantTx } from '@hms/database';
import { Gauge, Histogram, latencyBuckets, type Registry } from '@hms/service-kit';
import { AppError, commonError } from '@hms/contracts';
import type { Actor } from '../access/actor.js';
import type { RequestOrigin } from '../access/request-origin.js';
import { ApiConfig } from '../config/api-config.js';
import { metricsRegistry } from '../observability/observability.tokens.js';
import { entityIdsOf, patientIdsOf } from './audit-subjects.js';
import { partyOf, toEvent, type AuditEntry, type AuditParty, type Source } from './audit-entry.js';
import { AuditRepository, type AuditBatch } from './audit.repository.js';
import { GroupCommit, type Blame } from './group-commit.js';

const maxBatch = 500;
/** As many answers wait at most; further ones are 503, so that memory has a bound and nothing goes unrecorded. */
const maxWaiting = 2_000;
const deadlineMs = 4_000;
/** Less, so that no statement outlives those who wait for it; more than `append_audit` waits for a lock. */
const statementTimeoutMs = 3_000;

/** Records who did what to whose record. Nothing recorded here can be changed afterwards. */
@Injectable()
export class AuditTrail {
  readonly #commits = new GroupCommit<AuditEvent>({
    write: (events) => this.#commit(events),
    placeOf: ({ hospitalId }) => hospitalId,
    blameOf,
    maxBatch,
    maxWaiting,
  });
  /** Requests whose effect and row were written together. */
  readonly #written = new WeakSet<RequestOrigin>();
  readonly #keys: AuditKeys;
  readonly #duration: Histogram;

  constructor(
    config: ApiConfig,
    private readonly events: AuditRepository,
    @Inject(metricsRegistry) registry: Registry,
  ) {
    this.#keys = config.auditKeys;
    const registers = [registry];
    this.#duration = new Histogram({
      name: 'audit_commit_seconds',
      help: 'How long one group commit of audit rows took',
      buckets: latencyBuckets,
      registers,
    });
    new Gauge({
      name: 'audit_waiting',
      help: 'Answers that wait for their audit row',
      registers,
      collect: function collect(this: Gauge) {
        this.set(waiting());
      },
    });
    const waiting = (): number => this.#commits.waiting;
  }

  /**
   * The row of a write, in its transaction: what the route declared, and whom `result` tells of. Does nothing for a
   * route that declared nothing.
   */
  async recordWrite(tx: TenantTx | PublicTx, actor: Actor, result: unknown): Promise<void> {
    const { declared, operation, params } = actor.origin;
    if (declared.audit?.kind !== 'audited') return;
    const { action, entity } = declared.audit;
    const answer = { operation, params, by: actor, result };
    const entityIds = entityIdsOf(declared.audit, answer);
    const patientIds = patientIdsOf(declared.audit, answer);
    await this.append(tx, { action, entity, entityIds, patientIds }, partyOf(actor), actor.origin);
    this.#written.add(actor.origin);
  }

  /** Whether the request's effect and its row were written together. */
  isWritten(origin: RequestOrigin): boolean {
    return this.#written.has(origin);
  }

  /** In the transaction of the effect, for what no route declares. */
  async append(tx: TenantTx | PublicTx, entry: AuditEntry, party: AuditParty, source: Source): Promise<void> {
    const event = toEvent(entry, party, source);
    if (!isTenantTx(tx)) return this.events.append(tx, this.#batches([event]));
    if (event.hospitalId !== tx.hospital.id) throw new Error("a hospital's transaction audits this hospital only");
    await this.events.insert(tx, [this.#row(event)]);
  }

  /**
   * Resolves once the row is durable, together with those of other requests.
   * @throws `service.busy` or `service.unavailable`
   */
  async record(entry: AuditEntry, party: AuditParty, source: Source): Promise<void> {
    await this.#commits.add(toEvent(entry, party, source)).catch((err: unknown) => {
      throw err instanceof AppError ? err : commonError('service.unavailable', { cause: err });
    });
  }

  /** Stands in the audit for what somebody typed, such as the e-mail address of a failed login. */
  pseudonym(text: string): string {
    return this.#keys.pseudonym(text);
  }

  async #commit(events: readonly AuditEvent[]): Promise<void> {
    const stop = this.#duration.startTimer();
    try {
      await withDeadline(this.events.commit(this.#batches(events), statementTimeoutMs));
    } finally {
      stop();
    }
  }

  #batches(events: readonly AuditEvent[]): AuditBatch[] {
    const rows = new Map<string | null, object[]>();
    for (const event of events) {
      const batch = rows.get(event.hospitalId);
      if (batch) batch.push(this.#row(event));
      else rows.set(event.hospitalId, [this.#row(event)]);
    }
    return [...rows].map(([hospital_id, rows]) => ({ hospital_id, rows }));
  }

  #row(event: AuditEvent): object {
    const text = canonicalText(event.hospitalId, this.#keys.sealingKeyId, sealedValues(event));
    return toRow(event, this.#keys.seal(text));
  }
}

/** Neither done nor refused when nobody waits any longer. */
class LateCommit extends Error {}

/**
 * Data errors and broken constraints are a row's; what else PostgreSQL says is about the hospital's table, and so is
 * taking too long, as far as one can know. An error that is not PostgreSQL's own (no connection), or tells of lost
 * connections, resources or its end, is everybody's.
 */
function blameOf(err: unknown): Blame {
  if (err instanceof LateCommit) return 'place';
  const state = sqlState(err);
  if (state === undefined || /^(08|53|57P|58)/.test(state)) return 'store';
  return /^2[23]/.test(state) ? 'item' : 'place';
}

/** A database that does not answer holds up one group of answers, not all that come after. */
async function withDeadline(write: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateCommit(`no commit within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    await Promise.race([write, late]);
  } finally {
    clearTimeout(timer);
  }
}
