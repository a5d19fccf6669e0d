import pg from 'pg';

/** The number under which relays keep each other away. */
const relayLock = 7_310_001;

/** The change feed as its owner sees it. */
export class Feed {
  private constructor(
    private url: string,
    private client: pg.Client,
  ) {}

  static async open(url: string): Promise<Feed> {
    return new Feed(url, await connected(url));
  }

  async moveTo(url: string): Promise<void> {
    await this.client.end();
    this.url = url;
    this.client = await connected(url);
  }

  /** No relay moves from now on, as if one of them hung. */
  async stalls(): Promise<void> {
    await this.client.query(`select pg_advisory_lock(${relayLock})`);
  }

  async goesOn(): Promise<void> {
    await this.client.query('select pg_advisory_unlock_all()');
  }

  /** What was in it is no longer kept. */
  async forgets(): Promise<void> {
    await this.client.query('update sync.relay set floor_pos = pos');
  }

  /** Relays at once, each so many rows a step, until all that is committed is in the feed. */
  async relays(rows: readonly number[]): Promise<void> {
    await this.goesOn();
    await Promise.all(rows.map((each) => relay(this.url, each)));
  }

  async position(): Promise<number> {
    const { rows } = await this.client.query<{ pos: string }>('select pos from sync.relay');
    return Number(rows[0]?.pos);
  }

  /** Begins anew, as after a restore. @param statement is executed when nothing relays */
  async rebase(statement: string): Promise<void> {
    await this.stalls();
    await this.client.query(statement);
    await this.client.query(
      `update sync.relay set feed_id = gen_random_uuid(), prev = pg_current_snapshot(), target = null,
              after_xid = null, after_seq = null;
       truncate sync.change_log, sync.feed`,
    );
    await this.goesOn();
  }

  /** What the database says makes a step of the relay. */
  async step(): Promise<string> {
    const { rows } = await this.client.query<{ text: string }>(
      `select pg_get_functiondef('sync.relay_step'::regproc) as text`,
    );
    return rows[0]?.text ?? '';
  }

  async close(): Promise<void> {
    await this.client.end();
  }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function relay(url: string, rowsAStep: number): Promise<void> {
  const client = await connected(url);
  try {
    // Nothing is answered while another is at it.
    for (let done = false; !done;) {
      const { rows } = await client.query<{ more: boolean }>('select more from sync.relay_step($1)', [rowsAStep]);
      done = rows[0]?.more === false;
    }
  } finally {
    await client.end();
  }
}
