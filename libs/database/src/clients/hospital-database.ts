import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Prisma as PublicPrisma, PrismaClient as PublicClient } from '../generated/public/client.js';
import { Prisma as TenantPrisma, PrismaClient as TenantClient } from '../generated/tenant/client.js';
import { type HospitalRef, schemaOf } from '../hospital-ref.js';
import { ClientCache } from './client-cache.js';
import { type Scope, ScopedAdapterFactory } from './scoped-adapter.js';
import { sqlState } from './sql-errors.js';

/** A transaction inside one hospital's schema, holding that hospital's role and no other right. */
export type TenantTx = Omit<TenantPrisma.TransactionClient, '$transaction'> & { readonly hospital: HospitalRef };

/** A transaction on what hospitals share: users, sessions, gateways. */
export type PublicTx = Omit<PublicPrisma.TransactionClient, '$transaction'>;

export type { PublicClient };

export interface HospitalDatabaseOptions {
  /** Login of `hms_api`, best through PgBouncer in transaction mode. */
  readonly url: string;
  /** Connections, shared by all hospitals. */
  readonly poolSize?: number;
  /** Hospitals whose Prisma client stays open; each costs up to 5 MB. */
  readonly maxClients?: number;
  /** Told of connections that break while idle or between queries; the query in flight, if any, rejects by itself. */
  readonly onError: (err: Error) => void;
}

const TRANSACTION_TIMEOUT_MS = 5_000;
const MAX_WAIT_MS = 2_000;
const RETRIES = 3;
const RETRYABLE = new Set(['40001', '40P01']);

/** The schema of a transaction's hospital, for raw SQL: `` tx.$queryRaw`select … from ${schemaSql(tx.hospital)}.bed` ``. */
export const schemaSql = (hospital: HospitalRef): TenantPrisma.Sql =>
  TenantPrisma.raw(pg.escapeIdentifier(schemaOf(hospital.slug)));

/**
 * The only way of the application to PostgreSQL: one pool, one Prisma client for each hospital in use, and every
 * statement about a hospital inside a transaction that holds this hospital's role (the second wall).
 *
 * Transactions time out after 5 s, wait at most 2 s for a connection and are repeated up to three times when
 * PostgreSQL chose them as the victim of a deadlock or serialization failure (SQLSTATE 40P01, 40001), so `work` must
 * be free of side effects outside its transaction.
 */
export class HospitalDatabase {
  /** Single statements on the shared schema; use `inPublic` when several belong together. */
  readonly publicClient: PublicClient;
  readonly #pool: pg.Pool;
  readonly #hospitals: ClientCache<TenantClient>;

  constructor(options: HospitalDatabaseOptions) {
    const { url, poolSize = 10, maxClients = 50, onError } = options;
    this.#pool = new pg.Pool({ connectionString: url, max: poolSize, connectionTimeoutMillis: MAX_WAIT_MS });
    this.#pool.setMaxListeners(0); // each connected client adds one
    this.#pool.on('error', onError);
    const adapter = (scope: Pick<Scope, 'schema' | 'role'>): ScopedAdapterFactory =>
      new ScopedAdapterFactory(this.#pool, {
        ...scope,
        statementTimeoutMs: TRANSACTION_TIMEOUT_MS,
        onConnectionError: onError,
      });
    this.publicClient = new PublicClient({ adapter: adapter({ schema: 'public' }) });
    const openClient = (schema: string): TenantClient =>
      new TenantClient({ adapter: adapter({ schema, role: schema }) });
    this.#hospitals = new ClientCache(maxClients, openClient, onError);
  }

  /** Runs `work` in a read-committed transaction of one hospital. */
  inHospital<T>(hospital: HospitalRef, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    return this.#hospitalTransaction(hospital, work, TenantPrisma.TransactionIsolationLevel.ReadCommitted);
  }

  /** Runs `work` in a read-only transaction of one hospital, all of whose statements see the same snapshot. */
  readInHospital<T>(hospital: HospitalRef, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    return this.#hospitalTransaction(hospital, work, TenantPrisma.TransactionIsolationLevel.RepeatableRead);
  }

  /** Runs `work` in a read-committed transaction on the shared schema. */
  inPublic<T>(work: (tx: PublicTx) => Promise<T>): Promise<T> {
    const options = transactionOptions(PublicPrisma.TransactionIsolationLevel.ReadCommitted);
    return repeatingVictims(() => this.publicClient.$transaction(work, options));
  }

  /** Resolves when the database answers and keeps UTC; Prisma's adapter would misread the times of any other zone. */
  async checkReady(): Promise<void> {
    const { rows } = await this.#pool.query<{ zone: string }>(`select current_setting('TimeZone') as zone`);
    if (rows[0]?.zone !== 'UTC') throw new Error('the database must keep time zone UTC (set timezone in PostgreSQL)');
  }

  /** Figures for gauges: clients held open, and the pool's connections. */
  get stats(): { clients: number; connections: number; idle: number; waiting: number } {
    const { totalCount, idleCount, waitingCount } = this.#pool;
    return { clients: this.#hospitals.size, connections: totalCount, idle: idleCount, waiting: waitingCount };
  }

  /** Ends all connections; call it after the last transaction settled, those that still run are rolled back. */
  async close(): Promise<void> {
    await this.#hospitals.close();
    await this.publicClient.$disconnect();
    await this.#pool.end();
  }

  #hospitalTransaction<T>(
    hospital: HospitalRef,
    work: (tx: TenantTx) => Promise<T>,
    isolationLevel: TenantPrisma.TransactionIsolationLevel,
  ): Promise<T> {
    const attempt = (client: TenantClient): Promise<T> =>
      client.$transaction((tx) => work(Object.assign(tx, { hospital })), transactionOptions(isolationLevel));
    return this.#hospitals.use(schemaOf(hospital.slug), (client) => repeatingVictims(() => attempt(client)));
  }
}

function transactionOptions<Level>(isolationLevel: Level): { isolationLevel: Level; timeout: number; maxWait: number } {
  return { isolationLevel, timeout: TRANSACTION_TIMEOUT_MS, maxWait: MAX_WAIT_MS };
}

async function repeatingVictims<T>(attempt: () => Promise<T>): Promise<T> {
  for (let retry = 1; ; retry += 1) {
    try {
      return await attempt();
    } catch (err) {
      if (retry > RETRIES || !RETRYABLE.has(sqlState(err) ?? '')) throw err;
      await sleep(Math.random() * 20 * 2 ** retry);
    }
  }
}
