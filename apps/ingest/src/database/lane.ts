import type { Row, Sql, TransactionSql } from 'postgres';
import { connectDatabase } from './connect.js';
import { Turns } from './turns.js';

/** The server did not answer in time; what was asked may or may not have happened. */
class NoAnswer extends Error {
  readonly code = 'NO_ANSWER';
}

export interface LaneOptions {
  readonly connections?: number;
  /** After this the connections are dropped and opened anew: a server behind a dead network never answers. */
  readonly answerWithinMs?: number;
}

/** A few connections for one purpose. With one connection, messages of one transaction may follow one another. */
export class Lane {
  readonly #connections: number;
  readonly #answerWithinMs: number;
  readonly #turns: Turns;
  #sql: Sql;

  constructor(
    private readonly url: string,
    { connections = 1, answerWithinMs = 8_000 }: LaneOptions = {},
  ) {
    this.#connections = connections;
    this.#answerWithinMs = answerWithinMs;
    this.#turns = new Turns(connections);
    this.#sql = connectDatabase(url, connections);
  }

  query<T extends Row>(ask: (sql: Sql) => PromiseLike<readonly T[]>): Promise<readonly T[]> {
    return this.#answered(async () => ask(this.#sql));
  }

  /**
   * What fails in it leaves nothing behind. When no answer came, it may have been committed.
   * @throws AppError 503 when no connection became free: others hold them, and the server is not to blame
   */
  async transaction<T>(work: (tx: TransactionSql) => Promise<T>): Promise<T> {
    await this.#turns.take();
    try {
      return await this.#answered(async () => (await this.#sql.begin(work)) as T);
    } finally {
      this.#turns.giveBack();
    }
  }

  /** Statements without parameters in one message and one round trip. Their text holds nothing a client chose. */
  run<T extends Row>(statements: string): Promise<readonly T[]> {
    return this.#answered(async () => this.#sql.unsafe<T[]>(statements));
  }

  /** Like {@link run}; each `copy … from stdin` among them takes the next of `data`. */
  async copy(statements: string, data: readonly Buffer[]): Promise<void> {
    await this.#answered(async () => this.#sql.unsafe(statements, [], { copy: data }));
  }

  /** Leaves the transaction a failure left open, if there is one and the server can still be reached. */
  async rollback(): Promise<void> {
    await this.run('rollback').catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: 1 });
  }

  async #answered<T>(work: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new NoAnswer('the database does not answer'));
        void this.#sql.end({ timeout: 0 });
        this.#sql = connectDatabase(this.url, this.#connections);
      }, this.#answerWithinMs);
    });
    try {
      return await Promise.race([work(), silence]);
    } finally {
      clearTimeout(timer);
    }
  }
}
