import type { SyncEntityName } from '@hms/contracts';
import { createRxDatabase, type RxCollection, type RxDatabase } from 'rxdb';
import { replicateRxCollection, type RxReplicationState } from 'rxdb/plugins/replication';
import { getRxStorageMemory } from 'rxdb/plugins/storage-memory';
import { uuidv7 } from 'uuidv7';
import type { ForeignReplica, Row } from './foreign-replica.js';
import type { TestUser } from './test-sync.js';

type Document = Record<string, unknown> & { id: string };
type Post = (url: string, token: string, body: unknown) => Promise<unknown>;
interface Batch {
  readonly documents: (Document & { _deleted: boolean })[];
  readonly checkpoint: { readonly cursor: string };
}

export interface RxdbReplicaOptions {
  readonly url: string;
  readonly user: TestUser;
  readonly deviceId: string;
  readonly post: Post;
  readonly batchSize?: number;
}

const withoutVersion = ({ version: _, ...rest }: Document): string => JSON.stringify(Object.entries(rest).sort());

/** RxDB opens no more than sixteen collections in a process that has no licence. */
const entities = ['patients', 'allergies', 'observations', 'notes'] as const satisfies SyncEntityName[];

/** RxDB as its users set it up: a collection for each kind of row, and its replication over HTTP. */
export class RxdbReplica implements ForeignReplica {
  readonly #replications = new Map<SyncEntityName, RxReplicationState<Document, Batch['checkpoint']>>();

  private constructor(
    private readonly options: RxdbReplicaOptions,
    private readonly db: RxDatabase<Record<string, RxCollection<Document>>>,
  ) {}

  static async open(options: RxdbReplicaOptions): Promise<RxdbReplica> {
    const db = await createRxDatabase<Record<string, RxCollection<Document>>>({
      name: `r${options.deviceId.replaceAll('-', '')}`,
      storage: getRxStorageMemory(),
      multiInstance: false,
    });
    const schema = {
      version: 0,
      primaryKey: 'id',
      type: 'object',
      properties: { id: { type: 'string', maxLength: 36 } },
      required: ['id'],
    } as const;
    const conflictHandler = {
      isEqual: (a: Document, b: Document) => withoutVersion(a) === withoutVersion(b),
      resolve: ({ realMasterState }: { realMasterState: Document }) => realMasterState,
    };
    await db.addCollections(Object.fromEntries(entities.map((name) => [name, { schema, conflictHandler }])) as never);
    const replica = new RxdbReplica(options, db);
    for (const name of entities) replica.#replicate(name);
    return replica;
  }

  get entities(): readonly SyncEntityName[] {
    return entities;
  }

  get user(): TestUser {
    return this.options.user;
  }

  #replicate(name: SyncEntityName): void {
    const { url, user, deviceId, post, batchSize = 20 } = this.options;
    const ask = (what: string, body: unknown): Promise<unknown> =>
      post(`${url}/sync/compat/rxdb/${name}/${what}?device=${deviceId}`, user.token, body);
    const replication = replicateRxCollection<Document, Batch['checkpoint']>({
      replicationIdentifier: name,
      collection: this.#of(name),
      retryTime: 50,
      pull: {
        batchSize,
        handler: async (checkpoint, limit) => (await ask('pull', { checkpoint, limit })) as Batch,
      },
      push: {
        batchSize,
        handler: async (rows) => {
          // What is about a patient comes after the patient.
          if (name !== 'patients') await this.#replications.get('patients')?.awaitInSync();
          return (await ask('push', rows)) as Batch['documents'];
        },
      },
    });
    this.#replications.set(name, replication);
  }

  #of(name: SyncEntityName): RxCollection<Document> {
    return this.db.collections[name]!;
  }

  async rows(entity: SyncEntityName): Promise<Row[]> {
    return (await this.#of(entity).find().exec()).map((document) => document.toJSON() as Row);
  }

  async create(entity: SyncEntityName, fields: Readonly<Record<string, unknown>>): Promise<string> {
    const id = uuidv7();
    await this.#of(entity).insert({ id, ...fields });
    return id;
  }

  async update(entity: SyncEntityName, id: string, fields: Readonly<Record<string, unknown>>): Promise<void> {
    await (await this.#of(entity).findOne(id).exec())?.incrementalPatch(fields);
  }

  async remove(entity: SyncEntityName, id: string): Promise<void> {
    await (await this.#of(entity).findOne(id).exec())?.incrementalRemove();
  }

  async sync(): Promise<void> {
    for (const replication of this.#replications.values()) replication.reSync();
    for (const replication of this.#replications.values()) await replication.awaitInSync();
  }

  isIdle(): Promise<boolean> {
    return Promise.resolve(true);
  }

  async close(): Promise<void> {
    await this.db.close();
  }
}
