import { insideTransaction } from '@hms/service-kit';
import pg from 'pg';
import { type Prisma as PublicPrisma, PrismaClient as PublicClient } from '../generated/public/client.js';
import { Prisma as TenantPrisma, PrismaClient as TenantClient } from '../generated/tenant/client.js';
import { type HospitalRef, schemaOf } from '../hospital-ref.js';
import { ClientCache } from './client-cache.js';
import { repeatVictims } from './repeat-victims.js';
import { type Scope, ScopedAdapterFactory } from './scoped-adapter.js';

/** A transaction inside one hospital's schema, holding that hospital's role and no other right. */
export type TenantTx = Omit<TenantPrisma.TransactionClient, '$transaction'> & {
  readonly kind: 'hospital';
  readonly hospital: HospitalRef;
};

/** A transaction on what hospitals share: users, sessions, gateways. */
export type PublicTx = Omit<PublicPrisma.TransactionClient, '$transaction'>;

export const isTenantTx = (tx: TenantTx | PublicTx): tx is TenantTx => 'kind' in tx;

export type { PublicClient };

export interface HospitalDatabaseOptions {
  /** Login of `hms_api`, best through PgBouncer in transaction mode. */
  readonly url: string;
  /** Connections, shared by all hospitals. */
  readonly poolSize?: number;
  /** Hospitals whose Prisma client stays open; each costs about 2 MB. */
  readonly maxClients?: number;
  /** How long a transaction may last, in milliseconds. */
  readonly timeoutMs?: number;
  /** How long a statement may wait for a lock, in milliseconds. */
  readonly lockTimeoutMs?: number;
  /** How long a transaction may wait for a connection, in milliseconds. */
  readonly maxWaitMs?: number;
  /** Told of connections that break while idle or between queries; the query in flight, if any, rejects by itself. */
  readonly onError: (err: Error) => void;
}

/** SQL that says whether something is so in the hospital of that schema (which is quoted). It holds no values from outside. */
export type HospitalCondition = (schema: string) => string;

/** Hospitals that one message asks: few enough for its time limit, and not to make others wait for the connection. */
const ASKED_AT_ONCE = 50;

const { ReadCommitted, RepeatableRead } = TenantPrisma.TransactionIsolationLevel;

/** The schema of a transaction's hospital, for raw SQL: `` tx.$queryRaw`select … from ${schemaSql(tx.hospital)}.bed` ``. */
export const schemaSql = (hospital: HospitalRef): TenantPrisma.Sql => TenantPrisma.raw(quotedSchema(hospital));

const quotedSchema = ({ slug }: HospitalRef): string => pg.escapeIdentifier(schemaOf(slug));

/**
 * The only way of the application to PostgreSQL: one pool, one Prisma client for each hospital in use, and every
 * statement about a hospital inside a transaction that holds this hospital's role (the second wall).
 *
 * A transaction is repeated when PostgreSQL made it the victim of a conflict (`repeatVictims`), so `work` must have no
 * effect outside its transaction. It ends after `timeoutMs` (5 s), waits `maxWaitMs` (2 s) for a connection and
 * `lockTimeoutMs` (3 s) for a lock, and calls nothing over the network (`assertOutsideTransaction`).
 */
export class HospitalDatabase {
  /** Single statements on the shared schema; use `inPublic` when several belong together. */
  readonly publicClient: PublicClient;
  readonly #pool: pg.Pool;
  readonly #hospitals: ClientCache<TenantClient>;
  readonly #onError: (err: Error) => void;
  readonly #timeoutMs: number;

  constructor(options: HospitalDatabaseOptions) {
    const { url, poolSize = 10, maxClients = 50, timeoutMs = 5_000, maxWaitMs = 2_000 } = options;
    const { lockTimeoutMs = 3_000, onError } = options;
    const transactionOptions = { timeout: timeoutMs, maxWait: maxWaitMs, isolationLevel: ReadCommitted };
    // Else each query notes where it was called from, and each error reads the source there.
    const common = { transactionOptions, errorFormat: 'minimal' } as const;
    this.#pool = new pg.Pool({ connectionString: url, max: poolSize, connectionTimeoutMillis: maxWaitMs });
    this.#pool.setMaxListeners(0); // each connected client adds one
    this.#pool.on('error', onError);
    this.#onError = onError;
    this.#timeoutMs = timeoutMs;
    const adapter = (scope: Pick<Scope, 'schema' | 'role'>): ScopedAdapterFactory =>
      new ScopedAdapterFactory(this.#pool, {
        ...scope,
        statementTimeoutMs: timeoutMs,
        lockTimeoutMs,
        onConnectionError: onError,
      });
    this.publicClient = new PublicClient({ adapter: adapter({ schema: 'public' }), ...common });
    const openClient = (schema: string): TenantClient =>
      new TenantClient({ adapter: adapter({ schema, role: schema }), ...common });
    this.#hospitals = new ClientCache(maxClients, openClient, onError);
  }

  /** Runs `work` in a read-committed transaction of one hospital. */
  inHospital<T>(hospital: HospitalRef, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    return this.#hospitalTransaction(hospital, work, ReadCommitted);
  }

  /** Runs `work` in a read-only transaction of one hospital, all of whose statements see the same snapshot. */
  readInHospital<T>(hospital: HospitalRef, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    return this.#hospitalTransaction(hospital, work, RepeatableRead);
  }

  /** Runs `work` in a read-committed transaction on the shared schema. */
  inPublic<T>(work: (tx: PublicTx) => Promise<T>): Promise<T> {
    return repeatVictims(() => this.publicClient.$transaction((tx) => insideTransaction(() => work(tx))));
  }

  /**
   * Those hospitals in which the condition holds, each asked with its own role; some hundred times cheaper than a
   * transaction in each. One where it cannot be asked is among them: what is done there says what is wrong with it.
   */
  async hospitalsWhere(hospitals: readonly HospitalRef[], condition: HospitalCondition): Promise<HospitalRef[]> {
    const found: HospitalRef[] = [];
    for (let at = 0; at < hospitals.length; at += ASKED_AT_ONCE) {
      const some = hospitals.slice(at, at + ASKED_AT_ONCE);
      found.push(...(await this.#askTogether(some, condition).catch(() => this.#askSingly(some, condition))));
    }
    return found;
  }

  async #askSingly(hospitals: readonly HospitalRef[], condition: HospitalCondition): Promise<HospitalRef[]> {
    const found: HospitalRef[] = [];
    for (const hospital of hospitals) {
      found.push(...(await this.#askTogether([hospital], condition).catch(() => [hospital])));
    }
    return found;
  }

  async #askTogether(hospitals: readonly HospitalRef[], condition: HospitalCondition): Promise<HospitalRef[]> {
    const questions = hospitals.map((hospital, n) => {
      const schema = quotedSchema(hospital);
      return `set local role ${schema}; select ${String(n)} as holds where ${condition(schema)};`;
    });
    const results = await this.#within(this.#timeoutMs, async (connection) => {
      // Several statements have several results, which the types of the driver do not know.
      const all: unknown = await connection.query(`set transaction read only; ${questions.join(' ')}`);
      return all as pg.QueryResult<{ holds: number }>[];
    });
    return results.flatMap(({ rows }) => rows.flatMap(({ holds }) => hospitals[holds] ?? []));
  }

  /** Executes one statement on the shared schema in a transaction of its own, which PostgreSQL ends after `timeoutMs`. */
  async executeWithin(timeoutMs: number, statement: string, values: readonly unknown[]): Promise<void> {
    await this.#within(timeoutMs, (connection) => connection.query(statement, [...values]));
  }

  async #within<T>(timeoutMs: number, work: (connection: pg.PoolClient) => Promise<T>): Promise<T> {
    const connection = await this.#pool.connect();
    // A checked-out connection that breaks without a listener would end the process.
    connection.on('error', this.#onError);
    try {
      await connection.query(`begin; set local statement_timeout = ${String(timeoutMs)}`);
      const result = await work(connection);
      await connection.query('commit');
      return result;
    } catch (err) {
      await connection.query('rollback').catch(() => undefined);
      throw err;
    } finally {
      connection.off('error', this.#onError);
      connection.release(connection.getTransactionStatus() !== 'I');
    }
  }

  /** Resolves when the database answers and keeps UTC; Prisma's adapter would misread the times of any other zone. */
  async checkReady(): Promise<void> {
    const { rows } = await this.#pool.query<{ zone: string }>(`select current_setting('TimeZone') as zone`);
    if (rows[0]?.zone !== 'UTC') throw new Error('the database must keep time zone UTC (set timezone in PostgreSQL)');
  }

  /** The one row that a statement about the connection itself answers. */
  async describeConnection(statement: string): Promise<Readonly<Record<string, unknown>>> {
    const { rows } = await this.#pool.query<Record<string, unknown>>(statement);
    return rows[0] ?? {};
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
      client.$transaction(
        (tx) => insideTransaction(() => work(Object.assign(tx, { kind: 'hospital' as const, hospital }))),
        { isolationLevel },
      );
    return this.#hospitals.use(schemaOf(hospital.slug), (client) => repeatVictims(() => attempt(client)));
  }
}
