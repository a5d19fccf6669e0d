import { randomBytes } from 'node:crypto';
import { withOwner } from '@hms/database';
import { variable } from '../../testing/environment.js';
import { Feed } from './feed.js';
import { TestHospital } from '../../testing/test-hospital.js';
import { TestSync } from '../../testing/test-sync.js';
import { SqlWriter } from './sql-writer.js';
import { traceChanges } from './trace.js';
import type { Side } from './witness.js';
import { Worker } from './worker.js';

interface GroundParts {
  readonly sync: TestSync;
  readonly sides: readonly [Side, Side];
  readonly writers: readonly SqlWriter[];
  readonly feed: Feed;
}

/** Two hospitals, two who write SQL, and how to start workers: what worlds stand on, one after another. */
export class Ground {
  private constructor(
    private urls: DatabaseUrls,
    private readonly parts: GroundParts,
  ) {}

  static async open(urls: DatabaseUrls): Promise<Ground> {
    return new Ground(urls, {
      sync: await TestSync.open(),
      sides: [await newSide(urls.owner), await newSide(urls.owner)],
      writers: [await SqlWriter.connect(urls.owner), await SqlWriter.connect(urls.owner)],
      feed: await Feed.open(urls.owner),
    });
  }

  get sync(): TestSync {
    return this.parts.sync;
  }

  get sides(): readonly [Side, Side] {
    return this.parts.sides;
  }

  get writers(): readonly SqlWriter[] {
    return this.parts.writers;
  }

  get feed(): Feed {
    return this.parts.feed;
  }

  startWorker(entry: string): Promise<Worker> {
    return Worker.start(this.sync, entry, this.urls.ingest);
  }

  /** Whether the disk takes no rows of the first hospital: 53100, as PostgreSQL says then. */
  async fillsDisk(full: boolean): Promise<void> {
    await this.sides[0].hospital.rows(
      full ? 'insert into {schema}.model_disk_full values (true)' : 'delete from {schema}.model_disk_full',
    );
  }

  /** Nothing is open any more, nothing keeps the relays back, and there is room. */
  async rests(): Promise<void> {
    for (const writer of this.writers) await writer.end('rollback');
    await this.fillsDisk(false);
    await this.feed.goesOn();
  }

  /** What is left of everything is what this database has. Nothing of it may be open. */
  async moveTo(urls: DatabaseUrls): Promise<void> {
    this.urls = urls;
    const { sides, writers, feed } = this.parts;
    for (const part of [...sides.map(({ hospital }) => hospital), ...writers, feed]) await part.moveTo(urls.owner);
    for (const { hospital } of sides) await limitWaits(hospital);
  }

  /** Ends the connections of the service. */
  async terminate(): Promise<void> {
    await withOwner(variable('DATABASE_SUPERUSER_URL'), (superuser) =>
      superuser.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'hms_ingest' and datname = $1`,
        [new URL(this.urls.owner).pathname.slice(1)],
      ),
    );
  }

  async close(): Promise<void> {
    this.sync.close();
    for (const writer of this.writers) await writer.close();
    await this.feed.close();
    for (const { hospital } of this.sides) {
      await hospital.rows('reset lock_timeout');
      await hospital.drop();
    }
  }
}

/** Of one database: of its owner, direct, and of the service. */
export interface DatabaseUrls {
  readonly owner: string;
  readonly ingest: string;
}

async function newSide(url: string): Promise<Side> {
  const hospital = await TestHospital.create(url);
  await traceChanges(hospital);
  await limitWaits(hospital);
  return { hospital, mark: `Mark${randomBytes(6).toString('hex')}` };
}

/** What a transaction of the test holds is waited for no longer than this. */
const limitWaits = (hospital: TestHospital): Promise<unknown> => hospital.rows(`set lock_timeout = '500ms'`);
