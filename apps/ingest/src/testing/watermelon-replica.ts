import { type SyncEntityName, syncEntityNames } from '@hms/contracts';
import { appSchema, Database, Model, tableSchema } from '@nozbe/watermelondb';
import LokiJs from '@nozbe/watermelondb/adapters/lokijs/index.js';
import { hasUnsyncedChanges, type SyncPullResult, synchronize } from '@nozbe/watermelondb/sync/index.js';
import logger from '@nozbe/watermelondb/utils/common/logger/index.js';
import { setGenerator } from '@nozbe/watermelondb/utils/common/randomId/index.js';
import { uuidv7 } from 'uuidv7';
import { compared, type ForeignReplica, type Row } from './foreign-replica.js';
import type { TestUser } from './test-sync.js';

export interface WatermelonReplicaOptions {
  readonly url: string;
  readonly user: TestUser;
  readonly deviceId: string;
  readonly post: (url: string, token: string, body: unknown) => Promise<unknown>;
}

const more: Readonly<Record<SyncEntityName, readonly string[]>> = {
  patients: ['address'],
  allergies: ['category', 'reactions'],
  conditions: [],
  observations: ['value', 'recordedAt'],
  notes: ['kind', 'recordedAt'],
  appointments: ['start'],
  encounters: ['plannedFor'],
};
const columns = (entity: SyncEntityName): string[] => [...compared[entity], ...more[entity]];

/** WatermelonDB as its users set it up, in memory: a table for each kind of row, and one `synchronize` for all. */
export class WatermelonReplica implements ForeignReplica {
  private constructor(
    private readonly options: WatermelonReplicaOptions,
    private readonly db: Database,
  ) {}

  static open(options: WatermelonReplicaOptions): WatermelonReplica {
    setGenerator(() => uuidv7());
    logger.default.silence();
    const schema = appSchema({
      version: 1,
      tables: syncEntityNames.map((name) =>
        tableSchema({
          name,
          columns: [
            { name: 'version', type: 'number', isOptional: true },
            ...columns(name).map((column) => ({ name: column, type: 'string' as const, isOptional: true })),
          ],
        }),
      ),
    });
    const adapter = new LokiJs.default({
      dbName: options.deviceId,
      schema,
      useWebWorker: false,
      // There is no IndexedDB here: it stays in memory.
      useIncrementalIndexedDB: true,
      extraLokiOptions: { autosave: false },
    });
    const modelClasses = syncEntityNames.map(
      (name) =>
        class extends Model {
          static override readonly table = name;
        },
    );
    return new WatermelonReplica(options, new Database({ adapter, modelClasses }));
  }

  get entities(): readonly SyncEntityName[] {
    return syncEntityNames;
  }

  get user(): TestUser {
    return this.options.user;
  }

  async rows(entity: SyncEntityName): Promise<Row[]> {
    return (await this.db.get(entity).query().fetch()).map((record) => ({ ...record._raw }));
  }

  create(entity: SyncEntityName, fields: Readonly<Record<string, unknown>>): Promise<string> {
    return this.db.write(async () => {
      const record = await this.db.get(entity).create((made) => set(made, fields));
      return record.id;
    });
  }

  async update(entity: SyncEntityName, id: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    await this.db.write(async () => {
      const record = await this.db
        .get(entity)
        .find(id)
        .catch(() => undefined);
      await record?.update((changed) => set(changed, fields));
    });
  }

  async remove(entity: SyncEntityName, id: string): Promise<void> {
    await this.db.write(async () => {
      const record = await this.db
        .get(entity)
        .find(id)
        .catch(() => undefined);
      await record?.markAsDeleted();
    });
  }

  async sync(): Promise<void> {
    const { url, user, deviceId, post } = this.options;
    const ask = (what: string, body: unknown): Promise<unknown> =>
      post(`${url}/sync/compat/watermelon/${what}?device=${deviceId}`, user.token, body);
    await synchronize({
      database: this.db,
      sendCreatedAsUpdated: true,
      pullChanges: async (args) => (await ask('pull', args)) as SyncPullResult,
      pushChanges: async (args) => {
        await ask('push', args);
      },
    });
  }

  async isIdle(): Promise<boolean> {
    return !(await hasUnsyncedChanges({ database: this.db }));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function set(record: Model, fields: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(fields)) record._setRaw(name, value as never);
}
