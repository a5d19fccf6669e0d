import pg from 'pg';

/** A statement of somebody who knows nothing of devices. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Somebody with SQL: their transactions may stay open while other things happen. */
export class SqlWriter {
  #isOpen = false;

  private constructor(private client: pg.Client) {}

  static async connect(url: string): Promise<SqlWriter> {
    return new SqlWriter(await connected(url));
  }

  async moveTo(url: string): Promise<void> {
    await this.client.end();
    this.client = await connected(url);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Goes on with the open transaction, or begins one. What fails undoes all of it. */
  async execute({ text, values }: Statement): Promise<void> {
    if (!this.#isOpen) await this.client.query('begin');
    this.#isOpen = true;
    await this.client.query(text, [...values]).catch(() => this.end('rollback'));
  }

  async end(how: 'commit' | 'rollback'): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.client.query(how);
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  // The other writer may hold what this one wants, for as long as the test likes.
  await client.query(`set lock_timeout = '100ms'`);
  return client;
}
