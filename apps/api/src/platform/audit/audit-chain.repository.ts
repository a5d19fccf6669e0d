import { sealedColumnsSql, type Checkpoint } from '@hms/audit';
import { Injectable } from '@nestjs/common';
import {
  type HospitalCondition,
  HospitalDatabase,
  PublicPrisma,
  schemaSql,
  type HospitalRef,
  type PublicTx,
  type TenantTx,
} from '@hms/database';

/** A transaction on one chain. */
export type ChainTx = Pick<TenantTx & PublicTx, '$queryRaw' | '$executeRaw'>;

/** How far a chain has come: see tenant/0004_audit.sql. Snapshots and transaction ids are PostgreSQL's own text. */
export interface Progress {
  readonly prev: string;
  readonly target: string;
  readonly afterXid: string;
  readonly afterId: string;
}

export interface UnchainedRow {
  readonly id: string;
  readonly xid: string;
  readonly mac: Uint8Array;
  readonly keyId: string;
  /** JSON of `sealedValues`. */
  readonly sealed: string;
}

export interface NewLink {
  readonly seq: number;
  readonly event_id: string;
  readonly hash: string;
}

export interface Head {
  readonly seq: number;
  readonly hash: Uint8Array;
}

const nil = '00000000-0000-0000-0000-000000000000';
const tableOf = (hospital: HospitalRef | null, table: string): PublicPrisma.Sql =>
  PublicPrisma.sql`${hospital ? schemaSql(hospital) : PublicPrisma.raw('public')}.${PublicPrisma.raw(table)}`;
const hexOf = (bytes: Buffer): string => `\\x${bytes.toString('hex')}`;

/** How long a chain that has grown goes without a signature. */
export const checkpointEveryMs = 60_000;

/**
 * Where rows wait to be chained, where a step was left unfinished, where the chain has to be signed, and where that was done
 * lately, by another worker perhaps, so that it may have to be copied.
 */
export const chainMoves: HospitalCondition = (schema) => `exists (
  select from ${schema}.audit_sequencer q
    left join lateral (select seq, at from ${schema}.audit_checkpoint order by seq desc limit 1) signed on true
   where q.target is not null
         or exists (select from ${schema}.audit_event where xid >= pg_snapshot_xmax(q.prev))
         or exists (select from ${schema}.audit_event where xid = any (array(select pg_snapshot_xip(q.prev))))
         or signed.at > now() - interval '2 minutes'
         or coalesce(signed.at, '-infinity') < now() - interval '${String(checkpointEveryMs)} milliseconds'
            and (select max(seq) from ${schema}.audit_chain) > coalesce(signed.seq, 0))`;

@Injectable()
export class AuditChainRepository {
  constructor(private readonly database: HospitalDatabase) {}

  /** Those of them whose chain has to be looked at. */
  moving(hospitals: readonly HospitalRef[]): Promise<HospitalRef[]> {
    return this.database.hospitalsWhere(hospitals, chainMoves);
  }

  inChain<T>(hospital: HospitalRef | null, work: (tx: ChainTx) => Promise<T>): Promise<T> {
    return hospital ? this.database.inHospital(hospital, work) : this.database.inPublic(work);
  }

  /** Until the transaction ends nobody else appends to this chain; false when somebody does. */
  async lock(tx: ChainTx, hospital: HospitalRef | null): Promise<boolean> {
    const name = `hms.audit.chain:${hospital?.id ?? 'platform'}`;
    const [row] = await tx.$queryRaw<{ locked: boolean }[]>`
      select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as locked`;
    return row?.locked ?? false;
  }

  async progress(tx: ChainTx, hospital: HospitalRef | null): Promise<Progress> {
    const [row] = await tx.$queryRaw<Progress[]>`
      select prev::text, coalesce(target, pg_current_snapshot())::text as target,
             coalesce(after_xid, '0')::text as "afterXid", coalesce(after_id, ${nil}::uuid)::text as "afterId"
        from ${tableOf(hospital, 'audit_sequencer')}`;
    if (!row) throw new Error('the audit has lost its sequencer row');
    return row;
  }

  /**
   * Rows that are visible in `target` and not in `prev`, after the place reached: each committed row is so in exactly
   * one step, in whatever order transactions end (specs of the change feed). Those of transactions that were running
   * at `prev` are looked up one by one, so that a long one costs no scan.
   */
  async unchained(tx: ChainTx, hospital: HospitalRef | null, at: Progress, limit: number): Promise<UnchainedRow[]> {
    const events = tableOf(hospital, 'audit_event');
    const [prev, target] = [PublicPrisma.sql`${at.prev}::pg_snapshot`, PublicPrisma.sql`${at.target}::pg_snapshot`];
    const after = PublicPrisma.sql`(${at.afterXid}::xid8, ${at.afterId}::uuid)`;
    const columns = PublicPrisma.sql`e.id::text, e.xid::text, e.xid as place, e.id as tie, e.mac, e.key_id as "keyId",
      ${PublicPrisma.raw(sealedColumnsSql)}::text as sealed`;
    return tx.$queryRaw<UnchainedRow[]>`
      select id, xid, mac, "keyId", sealed from (
        (select ${columns} from ${events} e
          where (e.xid, e.id) > (greatest(pg_snapshot_xmax(${prev}), ${at.afterXid}::xid8),
                   case when ${at.afterXid}::xid8 >= pg_snapshot_xmax(${prev}) then ${at.afterId}::uuid else ${nil}::uuid end)
            and e.xid < pg_snapshot_xmax(${target}) and pg_visible_in_snapshot(e.xid, ${target})
          order by e.xid, e.id limit ${limit})
        union all
        (select ${columns} from ${events} e
          where e.xid = any (array(select pg_snapshot_xip(${prev}))) and (e.xid, e.id) > ${after}
            and pg_visible_in_snapshot(e.xid, ${target})
          order by e.xid, e.id limit ${limit})
      ) as found order by place, tie limit ${limit}`;
  }

  async head(tx: ChainTx, hospital: HospitalRef | null): Promise<Head | undefined> {
    const [row] = await tx.$queryRaw<{ seq: bigint; hash: Uint8Array }[]>`
      select seq, hash from ${tableOf(hospital, 'audit_chain')} order by seq desc limit 1`;
    return row && { seq: Number(row.seq), hash: row.hash };
  }

  async append(tx: ChainTx, hospital: HospitalRef | null, links: readonly NewLink[]): Promise<void> {
    await tx.$executeRaw`
      insert into ${tableOf(hospital, 'audit_chain')} (seq, event_id, hash)
      select seq, event_id, hash
        from jsonb_to_recordset(${JSON.stringify(links)}::jsonb) as l (seq bigint, event_id uuid, hash bytea)`;
  }

  /** Ends the step, or remembers where in it the next one goes on. */
  async save(tx: ChainTx, hospital: HospitalRef | null, at: Progress, done: boolean): Promise<void> {
    const { prev, target, afterXid, afterId } = at;
    const table = tableOf(hospital, 'audit_sequencer');
    if (done) {
      await tx.$executeRaw`
        update ${table} set prev = ${target}::pg_snapshot, target = null, after_xid = null, after_id = null`;
    } else {
      await tx.$executeRaw`
        update ${table} set prev = ${prev}::pg_snapshot, target = ${target}::pg_snapshot, after_xid = ${afterXid}::xid8,
                            after_id = ${afterId}::uuid`;
    }
  }

  async checkpointsAfter(tx: ChainTx, hospital: HospitalRef | null, seq: number): Promise<Checkpoint[]> {
    const rows = await tx.$queryRaw<
      { seq: bigint; at: Date; hash: Uint8Array; keyId: string; signature: Uint8Array }[]
    >`select seq, at, hash, key_id as "keyId", signature from ${tableOf(hospital, 'audit_checkpoint')}
       where seq > ${seq} order by seq limit 1000`;
    return rows.map((row) => ({
      seq: Number(row.seq),
      at: row.at.getTime(),
      hash: Buffer.from(row.hash),
      keyId: row.keyId,
      signature: Buffer.from(row.signature),
    }));
  }

  async lastCheckpoint(tx: ChainTx, hospital: HospitalRef | null): Promise<{ seq: number; at: Date } | undefined> {
    const [row] = await tx.$queryRaw<{ seq: bigint; at: Date }[]>`
      select seq, at from ${tableOf(hospital, 'audit_checkpoint')} order by seq desc limit 1`;
    return row && { seq: Number(row.seq), at: row.at };
  }

  async addCheckpoint(tx: ChainTx, hospital: HospitalRef | null, checkpoint: Checkpoint): Promise<void> {
    const { seq, at, hash, keyId, signature } = checkpoint;
    await tx.$executeRaw`
      insert into ${tableOf(hospital, 'audit_checkpoint')} (seq, at, hash, key_id, signature)
      values (${seq}, ${new Date(at)}, ${hexOf(hash)}::bytea, ${keyId}, ${hexOf(signature)}::bytea)`;
  }
}
