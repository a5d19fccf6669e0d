import { syncEntities, type SyncEntityName } from '@hms/contracts';
import type { TransactionSql } from 'postgres';
import type { SyncActor } from '../access/sync-actor.js';
import { entities } from '../entities/registry.js';
import { same } from '../entities/row.js';
import { fieldsSql, idsIn } from '../sql.js';
import type { Change, StoredRow, Wish } from './wish.js';

export const keyOf = ({ entity, id }: Pick<Wish, 'entity' | 'id'>): string => `${entity} ${id}`;

/**
 * The rows wishes are about, by {@link keyOf}. Not locked: an op that is made from them names the version that was read, and
 * whoever comes in between is found by that.
 */
export async function storedRows(
  tx: TransactionSql,
  schema: string,
  wishes: readonly Wish[],
): Promise<Map<string, StoredRow>> {
  const found = new Map<string, StoredRow>();
  for (const [entity, ids] of idsByEntity(wishes)) {
    const { table, ...more } = syncEntities[entity];
    const deleted = 'deletedColumn' in more ? `r.${more.deletedColumn} is not null` : 'false';
    const statement = `select r.id, r.version, ${deleted} as deleted, ${fieldsSql(entities[entity].fields)} as fields
                         from ${schema}.${table} r where r.id in ${idsIn('$1')}`;
    const rows = await tx.unsafe<StoredRow[]>(statement, [JSON.stringify(ids)]);
    for (const row of rows) found.set(keyOf({ entity, id: row.id }), row);
  }
  return found;
}

export function idsByEntity(wishes: readonly Pick<Wish, 'entity' | 'id'>[]): Map<SyncEntityName, string[]> {
  const ids = new Map<SyncEntityName, string[]>();
  for (const { entity, id } of wishes) ids.set(entity, [...(ids.get(entity) ?? []), id]);
  return ids;
}

interface OpenMatter {
  readonly refused: boolean;
  readonly op: Readonly<Record<string, unknown>>;
}

/** What of these rows' already waits for a person, from this device: a client that heard no answer says it again. */
export async function openMatters(
  tx: TransactionSql,
  { hospital: { schema }, userId }: SyncActor,
  deviceId: string,
  wishes: readonly Wish[],
): Promise<(change: Change) => boolean> {
  const about = `user_id = $1 and device_id = $2 and row_id in ${idsIn('$3')}`;
  const matters = await tx.unsafe<OpenMatter[]>(
    `select true as refused, op from ${schema}.sync_quarantine where outcome is null and ${about}
      union all select false, op from ${schema}.sync_conflict where resolution is null and ${about}`,
    [userId, deviceId, JSON.stringify(wishes.map(({ id }) => id))],
  );
  return (change) => matters.some((matter) => isAbout(matter, change));
}

/** On another version a change that met another's is a new one; what is refused for what it says stays refused. */
const isAbout = ({ refused, op }: OpenMatter, { entity, id, kind, base, patch }: Change): boolean =>
  op['entity'] === entity &&
  op['id'] === id &&
  op['kind'] === kind &&
  same(op['patch'], patch) &&
  (refused || op['base'] === base);
