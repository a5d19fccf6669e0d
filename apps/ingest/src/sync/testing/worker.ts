import { freePort, type TestIngest } from '../../testing/test-ingest.js';
import { TcpProxy } from '../../testing/tcp-proxy.js';
import type { TestSync } from '../../testing/test-sync.js';

/** Where in a commit a worker dies: it is not sent, it is sent and nothing is heard, or its answer is on its way. */
export type Moment = 'before' | 'inside' | 'after';

/** One ingest process with a network between it and its database. Killed, it starts again under the same address. */
export class Worker {
  #starting: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly start: () => Promise<TestIngest>,
    private readonly database: TcpProxy,
    private ingest: TestIngest,
  ) {}

  /** @param databaseUrl as `hms_ingest` */
  static async start(sync: TestSync, entry: string, databaseUrl: string): Promise<Worker> {
    const database = await TcpProxy.to(databaseUrl);
    const port = await freePort();
    const start = (): Promise<TestIngest> =>
      sync.start({ entry, port, env: { DATABASE_URL: database.through(databaseUrl) } });
    return new Worker(start, database, await start());
  }

  get url(): string {
    return this.ingest.url;
  }

  /** Dies with the next push it commits. */
  killAt(moment: Moment): void {
    const commits =
      moment === 'after'
        ? ({ from: 'server', says: 'COMMIT' } as const)
        : ({ from: 'client', says: 'commit' } as const);
    this.database.when({ ...commits, after: 'd.id for update' }, ({ pass }) => {
      if (moment === 'inside') pass();
      this.kill();
    });
  }

  /** What it had asked the database is lost, and so is what it asks, until the pooler is back. */
  losesPooler(): void {
    this.database.refuse();
  }

  findsPooler(): void {
    this.database.restore();
  }

  /** Its database is there from now on. */
  movesTo(databaseUrl: string): void {
    this.database.leadsTo(databaseUrl);
  }

  /** Gives it no chance to do anything. */
  kill(): void {
    this.#starting = this.#starting.then(async () => {
      await this.ingest.kill();
      this.ingest = await this.start();
    });
    // Who needs it waits for it, and hears of a failure then.
    this.#starting.catch(() => undefined);
    this.ingest.signal('SIGKILL');
  }

  /** Ends when it runs, again if need be. */
  async runs(): Promise<void> {
    this.database.forget();
    this.findsPooler();
    await this.#starting;
  }

  async stop(): Promise<void> {
    await this.#starting.catch(() => undefined);
    await this.ingest.stop();
    await this.database.close();
  }
}
