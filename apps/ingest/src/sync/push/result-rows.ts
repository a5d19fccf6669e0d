import { syncEntities, syncEntityNames, type SyncEntityName, type SyncResult } from '@hms/contracts';
import type { Lane } from '../../database/lane.js';
import type { SyncActor } from '../access/sync-actor.js';
import { entities } from '../entities/registry.js';
import { projectionOf } from '../pull/projection.js';
import { rowsToShow } from '../sql.js';
import type { PushAnswer } from './push-request.js';

/** Rows with the results about them, as they stand now, where the device may hold them. */
export class ResultRows {
  constructor(private readonly lane: Pick<Lane, 'query'>) {}

  async shown(actor: SyncActor, { results, scope }: PushAnswer): Promise<SyncResult[]> {
    const rows = new Map<string, unknown>();
    for (const name of syncEntityNames.filter((each) => actor.permissions.has(syncEntities[each].read))) {
      const ids = results.flatMap(({ target }) => (target?.entity === name ? [target.id] : []));
      for (const [id, row] of await this.#read(actor, name, ids, scope.keys)) rows.set(`${name} ${id}`, row);
    }
    return results.map(({ result, target }) => {
      const row = target && rows.get(`${target.entity} ${target.id}`);
      return row === undefined ? result : ({ ...result, row } as SyncResult);
    });
  }

  async #read(
    { hospital, permissions }: SyncActor,
    name: SyncEntityName,
    ids: readonly string[],
    keys: readonly string[],
  ): Promise<[string, unknown][]> {
    if (ids.length === 0) return [];
    const statement = rowsToShow(hospital.schema, name, projectionOf(entities[name], permissions).fields);
    const parameters = [JSON.stringify([...new Set(ids)]), JSON.stringify(keys)];
    const rows = await this.lane.query<{ id: string; row: string }>((sql) =>
      sql.unsafe<{ id: string; row: string }[]>(statement, parameters),
    );
    return rows.map(({ id, row }) => [id, JSON.parse(row)]);
  }
}
