import { syncEntities, syncEntityNames, type SyncEntity, type SyncEntityName } from '@hms/contracts';
import { entities } from '../entities/registry.js';
import { type Fields, idsIn, keysIn, wireRow } from '../sql.js';

/**
 * What changed for keys: `$1` hospital, `$2` after which position, `$3` up to which, `$4` entity numbers, `$5` keys, `$6`
 * how many. The rows themselves are read as they are now, so that two changes of one row are one.
 */
export const changedKeys = `
  select max(pos)::float8 as pos, entity, row_id as id, (sum(count(*)) over ())::int as entries
    from (select pos, entity, row_id from sync.feed
           where hospital_id = $1 and pos > $2 and pos <= $3
             and entity in (select value::smallint from jsonb_array_elements_text($4::text::jsonb))
             and (keys && ${keysIn('$5')} or keys_gone && ${keysIn('$5')})
           order by pos limit $6) page
   group by entity, row_id order by max(pos)`;

/** The rows of `$1`, ids, as they stand, and by which keys a device may hold them; null for what is gone. */
export function rowsNow(schema: string, entity: SyncEntityName, fields: Fields): string {
  const { table, patientColumn } = syncEntities[entity];
  return `
    select k.id, p.id as patient_id,
           case when p.id is not null and p.deleted_at is null
                then case when ${heldWhile(entity)} then to_jsonb(sync.keys_of(p.id, p.ward_id)) else '[]' end end as keys,
           case when p.id is not null and p.deleted_at is null then ${wireRow(fields)} end as row
      from (select value::uuid as id from jsonb_array_elements_text($1::text::jsonb)) k
      left join (${schema}.${table} r join ${schema}.patient p on p.id = r.${patientColumn}) on r.id = k.id`;
}

/** A page of all rows for keys, in the order of ids: `$1` after which id, `$2` wards, `$3` patients, `$4` how many. */
export function snapshotPage(schema: string, entity: SyncEntityName, fields: Fields, whole: boolean): string {
  return `
    select r.id, p.id as patient_id, 'put' as op, ${wireRow(fields)} as row
      from ${rowsFor(schema, entity, whole)} and ($1::uuid is null or r.id > $1::uuid)
     order by r.id limit $4`;
}

/**
 * The newest row that there is no room for, of those rows that only become more: `$1` room in all, `$2` wards, `$3` patients.
 * None when there is room for all. What else a device holds comes first; a fifth of the room is kept for history even so.
 */
export function historyStart(schema: string, entity: SyncEntityName, share: number, whole: boolean): string {
  const others = syncEntityNames
    .filter((name) => specs[name].historyShare === undefined)
    .map((name) => `(select count(*) from ${rowsFor(schema, name, whole)})`);
  return `
    select r.id from ${rowsFor(schema, entity, whole)}
     order by r.id desc
    offset floor(${share} * greatest($1::int - (${others.join(' + ')}), $1::int / 5))::bigint limit 1`;
}

const specs: Readonly<Record<SyncEntityName, SyncEntity>> = syncEntities;

/** The rows `r` of an entity that a device with all keys, or the wards `$2` and the patients `$3`, may hold. */
function rowsFor(schema: string, entity: SyncEntityName, whole: boolean): string {
  const { table, patientColumn } = syncEntities[entity];
  const mine = whole
    ? `$2::text is not null and $3::text is not null`
    : `(p.ward_id in ${idsIn('$2')} or p.id in ${idsIn('$3')})`;
  return `${schema}.${table} r join ${schema}.patient p on p.id = r.${patientColumn}
           where p.deleted_at is null and ${heldWhile(entity)} and ${mine}`;
}

const heldWhile = (entity: SyncEntityName): string => entities[entity].heldWhile ?? 'true';
