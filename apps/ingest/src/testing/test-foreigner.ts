import type { SyncEntityName } from '@hms/contracts';
import type { Answer, TestPhone } from './test-sync.js';

export type Document = Readonly<Record<string, unknown>> & { readonly id: string; readonly _deleted?: boolean };
export interface Table {
  readonly created?: readonly Document[];
  readonly updated: readonly Document[];
  readonly deleted: readonly string[];
}
interface Batch {
  readonly documents: Document[];
  readonly checkpoint: unknown;
}
interface Pulled {
  readonly changes: Readonly<Record<SyncEntityName, Table>>;
  readonly timestamp: number;
  readonly experimentalStrategy?: string;
}

/** Speaks the protocols of others, word by word, from a phone that is registered. */
export class TestForeigner {
  #checkpoints = new Map<SyncEntityName, unknown>();
  timestamp: number | null = null;

  constructor(readonly phone: TestPhone) {}

  rxdb<T>(entity: SyncEntityName, what: 'pull' | 'push', body: unknown): Promise<Answer<T>> {
    return this.phone.send<T>(`/sync/compat/rxdb/${entity}/${what}?device=${this.phone.id}`, body);
  }

  /** Pulls as RxDB does: until a batch is not full. @returns the batches */
  async rxdbPull(entity: SyncEntityName, limit = 200): Promise<Document[][]> {
    const batches: Document[][] = [];
    for (;;) {
      const documents = await this.rxdbStep(entity, limit);
      batches.push(documents);
      if (documents.length < limit) return batches;
    }
  }

  /** One batch. Like RxDB, it keeps the checkpoint of a batch only if there is anything in it. */
  async rxdbStep(entity: SyncEntityName, limit: number): Promise<Document[]> {
    const body = { checkpoint: this.#checkpoints.get(entity) ?? null, limit };
    const { status, body: answer } = await this.rxdb<Batch>(entity, 'pull', body);
    if (status !== 200) throw new Error(`not pulled: ${JSON.stringify(answer)}`);
    if (answer.documents.length > 0) this.#checkpoints.set(entity, answer.checkpoint);
    return answer.documents;
  }

  /** @returns the documents that are not as they were sent */
  async rxdbPush(entity: SyncEntityName, sent: Document, assumed?: Document): Promise<Document[]> {
    const row = { newDocumentState: { _deleted: false, ...sent }, ...(assumed ? { assumedMasterState: assumed } : {}) };
    const { status, body } = await this.rxdb<Document[]>(entity, 'push', [row]);
    if (status !== 200) throw new Error(`not pushed: ${JSON.stringify(body)}`);
    return body;
  }

  async watermelonPull(): Promise<Pulled> {
    const body = { lastPulledAt: this.timestamp, schemaVersion: 1, migration: null };
    const path = `/sync/compat/watermelon/pull?device=${this.phone.id}`;
    const { status, body: answer } = await this.phone.send<Pulled>(path, body);
    if (status !== 200) throw new Error(`not pulled: ${JSON.stringify(answer)}`);
    this.timestamp = answer.timestamp;
    return answer;
  }

  watermelonPush(
    changes: Readonly<Record<string, Partial<Table>>>,
    lastPulledAt = this.timestamp,
  ): Promise<Answer<Readonly<Record<string, unknown>>>> {
    return this.phone.send(`/sync/compat/watermelon/push?device=${this.phone.id}`, { changes, lastPulledAt });
  }
}
