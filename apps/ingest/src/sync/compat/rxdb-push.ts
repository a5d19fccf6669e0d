import type { SyncEntityName } from '@hms/contracts';
import type { CompatClient, Contacts } from './compat-client.js';
import { type Document, fieldsOf, sayTheSame, tombstone } from './documents.js';
import type { MasterDocuments } from './master-documents.js';
import type { Wish } from './wish.js';
import { WishedOps } from './wished-ops.js';

export interface PushedDocument {
  readonly id: string;
  readonly _deleted?: boolean | undefined;
  readonly version?: number | undefined;
  readonly [field: string]: unknown;
}

export interface PushedRow {
  readonly newDocumentState: PushedDocument;
  readonly assumedMasterState?: PushedDocument | null | undefined;
}

export interface RxdbPushParts {
  readonly contacts: Pick<Contacts, 'push'>;
  readonly masters: Pick<MasterDocuments, 'find'>;
}

/** Takes documents as clients of RxDB's replication write them, by what they took the documents to be before. */
export class RxdbPush {
  constructor(private readonly parts: RxdbPushParts) {}

  /**
   * @returns the documents that are not as they were sent: refused, merged, completed by the server or changed by others.
   * That what was sent took effect and nothing else did says their absence only, because the client skips what it pulls of a
   * document that waits to be pushed.
   */
  async push(client: CompatClient, entity: SyncEntityName, rows: readonly PushedRow[]): Promise<Document[]> {
    const { contacts, masters } = this.parts;
    const { actor, deviceId } = client;
    const wishes = rows.flatMap((row) => wishOf(entity, row));
    const { scope } = await contacts.push(client, new WishedOps({ actor, deviceId, wishes }));
    const ids = rows.map(({ newDocumentState: { id } }) => id);
    const found = await masters.find(actor, scope.keys, entity, ids);
    return rows.flatMap(({ newDocumentState: sent }) => {
      const master = found.get(sent.id) ?? tombstone(sent.id);
      return sayTheSame(master, sent) ? [] : [master];
    });
  }
}

function wishOf(entity: SyncEntityName, { newDocumentState: sent, assumedMasterState: assumed }: PushedRow): Wish[] {
  const deleted = sent._deleted === true;
  const isKnown = assumed && assumed._deleted !== true;
  // It agrees with the server that the document is gone.
  if (deleted && assumed && !isKnown) return [];
  const taken = isKnown ? { version: assumed.version, fields: fieldsOf(assumed) } : undefined;
  return [{ entity, id: sent.id, deleted, fields: fieldsOf(sent), assumed: taken }];
}
