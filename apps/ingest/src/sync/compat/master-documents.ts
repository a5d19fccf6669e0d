import type { SyncEntityName, SyncRow } from '@hms/contracts';
import type { Lane } from '../../database/lane.js';
import type { SyncActor } from '../access/sync-actor.js';
import { entities } from '../entities/registry.js';
import { projectionOf } from '../pull/projection.js';
import { rowsToShow, type ShownRow } from '../sql.js';
import { type Document, documentOf, tombstone } from './documents.js';

/** Documents as the server has them now, for somebody. */
export class MasterDocuments {
  constructor(private readonly lane: Pick<Lane, 'query'>) {}

  /** @returns one for each id; deleted for what is gone or none of theirs */
  async find(
    { hospital, permissions }: SyncActor,
    keys: readonly string[],
    entity: SyncEntityName,
    ids: readonly string[],
  ): Promise<Map<string, Document>> {
    const statement = rowsToShow(hospital.schema, entity, projectionOf(entities[entity], permissions).fields);
    const rows = await this.lane.query<ShownRow>((sql) => sql.unsafe<ShownRow[]>(statement, [JSON.stringify(ids)]));
    const found = rows.flatMap(({ id, keys: of, row }): [string, Document][] =>
      of.some((key) => keys.includes(key)) ? [[id, documentOf(JSON.parse(row) as SyncRow)]] : [],
    );
    return new Map([...ids.map((id): [string, Document] => [id, tombstone(id)]), ...found]);
  }
}
