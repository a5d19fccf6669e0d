import { syncEntities, type SyncEntityName } from '@hms/contracts';
import { entities } from '../entities/registry.js';
import { fieldsSql, idsIn } from '../sql.js';

/*
 * Statements about one hospital's rows. What a client chose goes into parameters only; each takes one, JSON.
 */

/** Locks and reads rows by id: `$1` is a list of ids. */
export const rowsToChange = (schema: string, entity: SyncEntityName): string =>
  readRows(schema, entity, `r.id in ${idsIn('$1')}`);

/** The same of all rows of some patients. */
export const rowsOfPatients = (schema: string, entity: SyncEntityName): string =>
  readRows(schema, entity, `r.${syncEntities[entity].patientColumn} in ${idsIn('$1')}`);

/**
 * Locked as an update locks them, which lets foreign keys be checked meanwhile. A row that was waited for is read as it
 * then is.
 */
function readRows(schema: string, entity: SyncEntityName, where: string): string {
  const { table, patientColumn } = syncEntities[entity];
  const { fields, versioned } = entities[entity];
  const isPatient = table === 'patient';
  return `select r.id, r.${patientColumn} as patient_id, r.version, ${isPatient ? 'r.ward_id' : 'null as ward_id'},
                 ${isPatient ? 'r.deleted_at is not null' : 'false'} as deleted,
                 ${versioned ? 'r.field_versions' : `'{}'::jsonb`} as field_versions, ${fieldsSql(fields)} as fields
            from ${schema}.${table} r where ${where} order by r.id for no key update of r`;
}

/** Whom rows are about: `$1` is a list of ids. */
export const patientsOf = (schema: string, entity: SyncEntityName): string =>
  `select ${syncEntities[entity].patientColumn} as patient_id from ${schema}.${syncEntities[entity].table} where id in ${idsIn('$1')}`;

/** Holds patients so that they neither go nor move while rows about them are written. */
export const holdPatients = (schema: string): string =>
  `select id, ward_id, deleted_at is not null as deleted from ${schema}.patient where id in ${idsIn('$1')} order by id for key share`;

export const insertRows = (schema: string, entity: SyncEntityName, columns: readonly string[]): string => {
  const table = `${schema}.${syncEntities[entity].table}`;
  const names = columns.join(', ');
  return `insert into ${table} (${names}) select ${names} from jsonb_populate_recordset(null::${table}, $1::text::jsonb)`;
};

/** Changes what is named of each row, and leaves the rest as it is. */
export const updateRows = (schema: string, entity: SyncEntityName, columns: readonly string[]): string => {
  const table = `${schema}.${syncEntities[entity].table}`;
  const changed = columns.filter((column) => column !== 'id');
  return `update ${table} t set (${changed.join(', ')}) =
            (select ${changed.map((column) => `n.${column}`).join(', ')} from jsonb_populate_record(t, c.change) n)
            from (select value as change, (value ->> 'id')::uuid as id from jsonb_array_elements($1::text::jsonb)) c
           where t.id = c.id`;
};

export const takeRecordNumbers = (schema: string): string =>
  `update ${schema}.counter set value = value + $1::int where name = 'mrn' returning value::text as last`;
