import type pg from 'pg';
import { beginning, checkpointText, hashOf, type Checkpoint } from './audit-chain.js';
import { canonicalText, sealedColumnsSql, type SealedValue } from './audit-event.js';
import type { AuditKeys } from './audit-keys.js';

export interface AuditTarget {
  /** Null: the platform's own. */
  readonly hospitalId: string | null;
  /** An identifier that is safe in SQL. */
  readonly schema: string;
}

export interface VerifyOptions {
  readonly keys: AuditKeys;
  /** From outside the database; without them a cut tail or a restored old copy cannot be told from the truth. */
  readonly copies?: readonly Checkpoint[];
  /** Rows and checkpoints younger than this, in milliseconds, need not have been chained or copied yet. */
  readonly graceMs: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Finding {
  /** Where in the chain; absent for a row that is not in it. */
  readonly seq?: number;
  readonly eventId?: string;
  readonly what: string;
}

export interface AuditReport {
  readonly rows: number;
  readonly checkpoints: number;
  /** In the order of the chain; the first {@link maxFindings}. */
  readonly findings: readonly Finding[];
  /** Where the chain stops being trustworthy. */
  readonly firstBadSeq: number | undefined;
}

const batchSize = 5_000;
const maxFindings = 100;

interface EventColumns {
  readonly xid: string | null;
  readonly mac: Buffer;
  readonly key_id: string;
  readonly sealed: string;
}

interface ChainRow extends EventColumns {
  readonly seq: string;
  readonly hash: Buffer;
  readonly event_id: string;
}

/**
 * Recomputes one audit from its first row: every seal, every hash, every signature, and that nothing is missing or
 * besides. Call it inside a transaction with one snapshot when the audit is being written to.
 */
export async function verifyAudit(
  client: pg.ClientBase,
  target: AuditTarget,
  options: VerifyOptions,
): Promise<AuditReport> {
  const verification = new Verification(target, options);
  await verification.readCheckpoints(client);
  await verification.walkChain(client);
  await verification.findUnchained(client);
  return verification.report();
}

class Verification {
  #findings: Finding[] = [];
  /** What must be the hash at a place of the chain, as signed. */
  readonly #signed = new Map<number, Checkpoint>();
  #checkpoints = 0;
  #rows = 0;

  constructor(
    private readonly target: AuditTarget,
    private readonly options: VerifyOptions,
  ) {}

  async readCheckpoints(client: pg.ClientBase): Promise<void> {
    const { copies } = this.options;
    for (const copy of copies ?? []) {
      this.#signed.set(copy.seq, copy);
      if (!this.#isSigned(copy)) this.#add({ seq: copy.seq, what: 'a copied checkpoint is not signed by a known key' });
    }
    const stored = await storedCheckpoints(client, this.target.schema);
    this.#checkpoints = stored.length;
    const known = new Map(stored.map((checkpoint) => [checkpoint.seq, checkpoint]));
    for (const { seq } of copies ?? []) if (!known.has(seq)) this.#add({ seq, what: 'a checkpoint was removed' });
    const newestCopy = Math.max(0, ...(copies ?? []).map(({ seq }) => seq));
    for (const checkpoint of stored) this.#checkStored(checkpoint, copies ? newestCopy : undefined);
  }

  async walkChain(client: pg.ClientBase): Promise<void> {
    let [seq, hash] = [0, beginning(this.target.hospitalId)];
    let next = chainAfter(client, this.target.schema, seq);
    for (;;) {
      const rows = await next;
      const more = rows.length === batchSize;
      // PostgreSQL reads on while this batch is computed.
      if (more) next = chainAfter(client, this.target.schema, Number(rows.at(-1)?.seq));
      for (const row of rows) {
        const at = Number(row.seq);
        if (at !== seq + 1) this.#add({ seq: seq + 1, what: 'the chain has a gap' });
        this.#checkLink(row, hash);
        [seq, hash] = [at, row.hash];
      }
      this.#rows += rows.length;
      if (!more) break;
    }
    for (const cut of this.#signed.keys()) {
      if (cut > seq) this.#add({ seq: seq + 1, what: `the chain was cut: a checkpoint of ${cut} exists` });
    }
  }

  async findUnchained(client: pg.ClientBase): Promise<void> {
    const { schema } = this.target;
    const { rows } = await client.query<EventColumns & { id: string; at: string }>(
      `select e.id, (extract(epoch from e.at) * 1000)::bigint as at, e.xid::text, e.mac, e.key_id,
              ${sealedColumnsSql}::text as sealed
         from ${schema}.audit_event e
        where not exists (select from ${schema}.audit_chain c where c.event_id = e.id) order by e.id limit $1`,
      [batchSize],
    );
    for (const row of rows) {
      if (!this.#isSealed(this.#textOf(row), row))
        this.#add({ eventId: row.id, what: 'a row was not written by the platform' });
      else if (Number(row.at) < this.options.now - this.options.graceMs) {
        this.#add({ eventId: row.id, what: 'a row is not in the chain' });
      }
    }
    this.#rows += rows.length;
  }

  report(): AuditReport {
    const findings = firstOf(this.#findings);
    return { rows: this.#rows, checkpoints: this.#checkpoints, findings, firstBadSeq: findings[0]?.seq };
  }

  #checkStored(checkpoint: Checkpoint, newestCopy: number | undefined): void {
    const { seq, at } = checkpoint;
    const copy = this.#signed.get(seq);
    if (!this.#isSigned(checkpoint)) this.#add({ seq, what: 'a checkpoint is not signed by a known key' });
    else if (copy && !copy.hash.equals(checkpoint.hash)) this.#add({ seq, what: 'a checkpoint differs from its copy' });
    if (!copy) this.#signed.set(seq, checkpoint);
    const settled = at < this.options.now - this.options.graceMs;
    if (newestCopy !== undefined && seq > newestCopy && settled)
      this.#add({ seq, what: 'a checkpoint was never copied' });
  }

  #checkLink(row: ChainRow, previous: Buffer): void {
    const { event_id: eventId, hash, xid, mac } = row;
    const seq = Number(row.seq);
    if (xid === null) {
      this.#add({ seq, eventId, what: 'a row was removed' });
      return;
    }
    const text = this.#textOf(row);
    const signed = this.#signed.get(seq);
    if (!this.#isSealed(text, row)) this.#add({ seq, eventId, what: 'a row was changed' });
    else if (!hashOf(previous, { seq, xid, mac, text }).equals(hash)) {
      this.#add({ seq, eventId, what: 'the chain is broken' });
    } else if (signed && !signed.hash.equals(hash)) {
      this.#add({ seq, eventId, what: 'the chain is not the one that was signed' });
    }
  }

  #textOf({ sealed, key_id }: EventColumns): string {
    return canonicalText(this.target.hospitalId, key_id, JSON.parse(sealed) as SealedValue[]);
  }

  #isSealed(text: string, { key_id, mac }: EventColumns): boolean {
    return this.options.keys.isSealed(text, { keyId: key_id, mac });
  }

  #isSigned(checkpoint: Checkpoint): boolean {
    const text = checkpointText(this.target.hospitalId, checkpoint);
    return this.options.keys.isSigned(text, checkpoint.keyId, checkpoint.signature);
  }

  #add(finding: Finding): void {
    this.#findings.push(finding);
    if (this.#findings.length === 2 * maxFindings) this.#findings = firstOf(this.#findings);
  }
}

/** Those that come first in the chain, whichever were found first. */
const firstOf = (findings: readonly Finding[]): Finding[] =>
  findings.toSorted((a, b) => (a.seq ?? Infinity) - (b.seq ?? Infinity)).slice(0, maxFindings);

async function chainAfter(client: pg.ClientBase, schema: string, seq: number): Promise<ChainRow[]> {
  const { rows } = await client.query<ChainRow>(
    `select c.seq, c.hash, c.event_id, e.xid::text, e.mac, e.key_id,
            case when e.id is not null then ${sealedColumnsSql}::text end as sealed
       from ${schema}.audit_chain c left join ${schema}.audit_event e on e.id = c.event_id
      where c.seq > $1 order by c.seq limit $2`,
    [seq, batchSize],
  );
  return rows;
}

async function storedCheckpoints(client: pg.ClientBase, schema: string): Promise<Checkpoint[]> {
  const { rows } = await client.query<{ seq: string; at: string; hash: Buffer; key_id: string; signature: Buffer }>(
    `select seq, (extract(epoch from at) * 1000)::bigint as at, hash, key_id, signature
       from ${schema}.audit_checkpoint order by seq`,
  );
  return rows.map(({ seq, at, hash, key_id, signature }) => ({
    seq: Number(seq),
    at: Number(at),
    hash,
    keyId: key_id,
    signature,
  }));
}
