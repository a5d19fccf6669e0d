import { syncEntities, type SyncEntityName } from '@hms/contracts';
import { type HospitalRef, listHospitals, schemaOf } from '@hms/database';
import type pg from 'pg';
import { inTransaction } from '../in-transaction.js';

/** What the change feed does not say of rows as they stand. None of it can come from writing rows; all of it from going around the triggers. */
export interface Reconciled {
  readonly slug: string;
  readonly entity: SyncEntityName;
  readonly rows: number;
  /** Rows whose last change no device was told of. */
  readonly untold: number;
  /** Rows that devices of other wards hold, or that those of the right one do not. */
  readonly misplaced: number;
  /** Of both, logged anew. */
  readonly repaired: number;
}

/**
 * Compares every row that devices hold with the last the feed said of it. Changes that were not relayed yet are left out.
 * @param slug of one hospital; all of them without
 * @param repair logs anew what is wrong, so that devices are told
 */
export async function reconcile(
  owner: pg.Client,
  { slug, repair }: { readonly slug?: string | undefined; readonly repair: boolean },
): Promise<Reconciled[]> {
  const results: Reconciled[] = [];
  for (const hospital of await listHospitals(owner)) {
    if (hospital.status === 'provisioning' || (slug !== undefined && hospital.slug !== slug)) continue;
    for (const entity of Object.keys(syncEntities) as SyncEntityName[]) {
      results.push(await reconcileEntity(owner, hospital, { entity, repair }));
    }
  }
  return results;
}

function reconcileEntity(
  owner: pg.Client,
  { id, slug }: HospitalRef,
  { entity, repair }: { readonly entity: SyncEntityName; readonly repair: boolean },
): Promise<Reconciled> {
  const wrong = wrongRows(schemaOf(slug), entity);
  const parameters = [id, syncEntities[entity].no];
  return inTransaction(owner, async () => {
    // Rows and feed as of one moment.
    await owner.query('set transaction isolation level repeatable read');
    const { rows } = await owner.query<Pick<Reconciled, 'rows' | 'untold' | 'misplaced'>>(
      `with wrong as (${wrong})
       select count(*)::int as rows, count(*) filter (where why = 'untold')::int as untold,
              count(*) filter (where why = 'misplaced')::int as misplaced from wrong`,
      parameters,
    );
    const [found] = rows;
    if (!found) throw new Error('nothing was counted');
    if (!repair || found.untold + found.misplaced === 0) return { slug, entity, ...found, repaired: 0 };
    const { rowCount } = await owner.query(
      `with wrong as (${wrong})
       insert into sync.change_log (hospital_id, entity, row_id, version, op, keys, keys_before)
       select $1, $2, id, version, case when deleted then 'D' else 'U' end::"char", keys, coalesce(keys_told, '{}')
         from wrong where why is not null`,
      parameters,
    );
    return { slug, entity, ...found, repaired: rowCount ?? 0 };
  });
}

/**
 * All rows of an entity, and what is wrong with what the feed says of them. `$1` hospital, `$2` number of the entity. What
 * one device was told of a row (`sync.tell_device`) has no version, and says nothing to the others.
 */
function wrongRows(schema: string, entity: SyncEntityName): string {
  const { table, patientColumn } = syncEntities[entity];
  const deleted = table === 'patient' ? 'r.deleted_at is not null' : 'false';
  return `
    select r.id, r.version, ${deleted} as deleted, place.keys, told.keys as keys_told,
           case when coalesce(told.version < r.version, changed.at > kept.since) then 'untold'
                when told.keys <> place.keys then 'misplaced' end as why
      from ${schema}.${table} r
      join ${schema}.patient p on p.id = r.${patientColumn}
     cross join lateral (select sync.keys_of(p.id, p.ward_id) as keys) place
     cross join lateral (
       select coalesce(to_jsonb(r) ->> 'updated_at', to_jsonb(r) ->> 'created_at')::timestamptz as at) changed
     cross join (select min(f.at) + interval '1 hour' as since from sync.feed f where f.hospital_id = $1) kept
      left join (
        select distinct on (f.row_id) f.row_id, f.version, f.keys from sync.feed f
         where f.hospital_id = $1 and f.entity = $2 and f.version > 0 order by f.row_id, f.pos desc) told on told.row_id = r.id
     where r.id not in (
       select c.row_id from sync.change_log c, sync.relay now
        where c.hospital_id = $1 and c.entity = $2 and not pg_visible_in_snapshot(c.xid, now.prev))`;
}
