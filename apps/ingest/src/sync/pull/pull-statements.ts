import { syncEntities, type SyncEntityName } from '@hms/contracts';
import { type Fields, idsIn, keysIn, wireRow } from '../sql.js';

/**
 * What changed for keys: `$1` hospital, `$2` after which position, `$3` up to which, `$4` entity numbers, `$5` keys, `$6`
 * how many. The rows themselves are read as they are now, so that two changes of one row are one.
 */
export const changedKeys = `
  select max(pos)::text as pos, entity, row_id as id, (sum(count(*)) over ())::int as entries
    from (select pos, entity, row_id from sync.feed
           where hospital_id = $1 and pos > $2 and pos <= $3
             and entity in (select value::smallint from jsonb_array_elements_text($4::text::jsonb))
             and (keys && ${keysIn('$5')} or keys_gone && ${keysIn('$5')})
           order by pos limit $6) page
   group by entity, row_id order by max(pos)`;

/** The rows of `$1`, ids, as they stand: gone, none of the keys `$2` any more, or to be shown. */
export function rowsNow(schema: string, entity: SyncEntityName, fields: Fields): string {
  const { table, patientColumn } = syncEntities[entity];
  return `
    select k.id, p.id as patient_id,
           case when r.id is null or p.deleted_at is not null then 'del'
                when not sync.keys_of(p.id, p.ward_id) && ${keysIn('$2')} then 'out' else 'put' end as op,
           case when p.deleted_at is null and sync.keys_of(p.id, p.ward_id) && ${keysIn('$2')} then ${wireRow(fields)} end as row
      from (select value::uuid as id from jsonb_array_elements_text($1::text::jsonb)) k
      left join ${schema}.${table} r on r.id = k.id
      left join ${schema}.patient p on p.id = r.${patientColumn}`;
}

/** A page of all rows for keys, in the order of ids: `$1` after which id, `$2` wards, `$3` patients, `$4` how many. */
export function snapshotPage(schema: string, entity: SyncEntityName, fields: Fields, whole: boolean): string {
  const { table, patientColumn } = syncEntities[entity];
  const mine = whole
    ? `$2::text is not null and $3::text is not null`
    : `(p.ward_id in ${idsIn('$2')} or p.id in ${idsIn('$3')})`;
  return `
    select r.id, p.id as patient_id, 'put' as op, ${wireRow(fields)} as row
      from ${schema}.${table} r join ${schema}.patient p on p.id = r.${patientColumn}
     where ($1::uuid is null or r.id > $1::uuid) and p.deleted_at is null and ${mine}
     order by r.id limit $4`;
}
