import { PrismaPg } from '@prisma/adapter-pg';
import {
  type ConnectionInfo,
  DriverAdapterError,
  type IsolationLevel,
  isDriverAdapterError,
  type SqlDriverAdapter,
  type SqlDriverAdapterFactory,
  type SqlQuery,
  type SqlQueryable,
  type SqlResultSet,
  type Transaction,
} from '@prisma/driver-adapter-utils';
import pg from 'pg';

/** What a Prisma client may touch, and how its transactions begin. */
export interface Scope {
  /** Every generated statement names this schema. */
  readonly schema: string;
  /** The role a transaction takes. Without one (the shared schema), queries outside a transaction are allowed too. */
  readonly role?: string;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly onConnectionError: (err: Error) => void;
}

type PrismaPgAdapter = Awaited<ReturnType<PrismaPg['connect']>>;

// Prisma passes an adapter nothing but the isolation level, so the level also says that a transaction only reads.
const BEGIN: Partial<Record<IsolationLevel, string>> = {
  'READ COMMITTED': 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE',
  'REPEATABLE READ': 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
};

/** Prisma's PostgreSQL adapter over a shared pool, with transactions that start inside a scope. */
export class ScopedAdapterFactory implements SqlDriverAdapterFactory {
  readonly provider = 'postgres';
  readonly adapterName = 'hms-scoped-pg';

  constructor(
    private readonly pool: pg.Pool,
    private readonly scope: Scope,
  ) {}

  async connect(): Promise<SqlDriverAdapter> {
    const adapter = await new PrismaPg(this.pool, { schema: this.scope.schema }).connect();
    keepConstraintNames(adapter);
    return new ScopedAdapter(adapter, this.pool, this.scope);
  }
}

/** The adapter drops the constraint's name for every violation but a unique one. */
function keepConstraintNames(adapter: PrismaPgAdapter): void {
  const convert = adapter['onError'].bind(adapter);
  adapter['onError'] = (error: unknown): never => {
    try {
      return convert(error);
    } catch (converted) {
      if (error instanceof pg.DatabaseError && converted instanceof Error && isDriverAdapterError(converted)) {
        Object.assign(converted.cause, { constraintName: error.constraint });
      }
      throw converted;
    }
  };
}

class ScopedAdapter implements SqlDriverAdapter {
  readonly provider = 'postgres';
  readonly adapterName = 'hms-scoped-pg';

  constructor(
    private readonly adapter: PrismaPgAdapter,
    private readonly pool: pg.Pool,
    private readonly scope: Scope,
  ) {}

  queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    return this.scope.role === undefined ? this.adapter.queryRaw(query) : outsideTransaction();
  }

  executeRaw(query: SqlQuery): Promise<number> {
    return this.scope.role === undefined ? this.adapter.executeRaw(query) : outsideTransaction();
  }

  executeScript(): Promise<void> {
    return Promise.reject(new Error('scripts belong into prisma/migrations'));
  }

  getConnectionInfo(): ConnectionInfo {
    return this.adapter.getConnectionInfo();
  }

  dispose(): Promise<void> {
    return this.adapter.dispose();
  }

  /** Begins and takes the role in one round trip. */
  async startTransaction(isolationLevel: IsolationLevel = 'READ COMMITTED'): Promise<Transaction> {
    const opening = this.opening(isolationLevel);
    const connection = await this.pool.connect().catch((err: unknown) => this.adapter['onError'](err));
    // A checked-out connection that breaks without a listener would end the process.
    connection.on('error', this.scope.onConnectionError);
    const release = (destroy: boolean): void => {
      connection.off('error', this.scope.onConnectionError);
      connection.release(destroy);
    };
    try {
      await connection.query(opening);
    } catch (err) {
      release(true); // it may be inside a transaction that took no role
      return this.adapter['onError'](err);
    }
    // The adapter's own query code, over this one connection.
    const queries = Object.create(this.adapter, { client: { value: connection } }) as SqlQueryable;
    // A connection that is still inside a transaction must never serve another hospital.
    const done = (): void => release(connection.getTransactionStatus() !== 'I');
    return new ScopedTransaction(queries, () => this.commit(connection), done);
  }

  /** PostgreSQL answers the COMMIT of a failed transaction with success, having rolled it back. */
  private async commit(connection: pg.PoolClient): Promise<void> {
    const { command } = await connection.query('COMMIT').catch((err: unknown) => this.adapter['onError'](err));
    if (command !== 'COMMIT') throw rolledBack();
  }

  private opening(isolationLevel: IsolationLevel): string {
    const begin = BEGIN[isolationLevel];
    if (begin === undefined) throw new DriverAdapterError({ kind: 'InvalidIsolationLevel', level: isolationLevel });
    const role = this.scope.role === undefined ? '' : `; SET LOCAL ROLE ${pg.escapeIdentifier(this.scope.role)}`;
    const { statementTimeoutMs, lockTimeoutMs } = this.scope;
    const limits = `SET LOCAL statement_timeout = ${String(statementTimeoutMs)}; SET LOCAL lock_timeout = ${String(lockTimeoutMs)}`;
    return `${begin}${role}; ${limits}`;
  }
}

class ScopedTransaction implements Transaction {
  readonly provider = 'postgres';
  readonly adapterName = 'hms-scoped-pg';
  /** Prisma sends COMMIT and ROLLBACK itself, through `executeRaw`, and then calls `commit` or `rollback`. */
  readonly options = { usePhantomQuery: false };

  constructor(
    private readonly queries: SqlQueryable,
    private readonly sendCommit: () => Promise<void>,
    private readonly release: () => void,
  ) {}

  queryRaw(query: SqlQuery): Promise<SqlResultSet> {
    return this.queries.queryRaw(query);
  }

  async executeRaw(query: SqlQuery): Promise<number> {
    if (query.sql !== 'COMMIT') return this.queries.executeRaw(query);
    await this.sendCommit();
    return 0;
  }

  commit(): Promise<void> {
    this.release();
    return Promise.resolve();
  }

  rollback(): Promise<void> {
    this.release();
    return Promise.resolve();
  }
}

function outsideTransaction(): Promise<never> {
  return Promise.reject(new Error("a hospital's data is only reached inside inHospital() or readInHospital()"));
}

function rolledBack(): DriverAdapterError {
  const cause = 'A statement failed and the error was swallowed, so the whole transaction was rolled back.';
  return new DriverAdapterError({ kind: 'TransactionAlreadyClosed', cause, originalCode: '25P02' });
}
