import { syncEntityNames, type SyncEntityName, type SyncOp } from '@hms/contracts';
import type { TransactionSql } from 'postgres';
import { entities } from '../entities/registry.js';
import type { ReadyOp } from '../entities/entity.js';
import type { CheckedOp } from './op-check.js';
import { holdPatients, patientsOf, rowsOfPatients, rowsToChange } from './push-statements.js';
import { WorkingSet } from './working-set.js';

interface LoadedRow {
  readonly id: string;
  readonly patient_id: string;
  readonly version: number;
  readonly ward_id: string | null;
  readonly deleted: boolean;
  readonly field_versions: Readonly<Record<string, number>>;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface PatientRow {
  readonly id: string;
  readonly ward_id: string | null;
  readonly deleted: boolean;
}

/**
 * Locks and reads all that the ops may look at: patients first, then kind by kind in the order of ids, so that two
 * transactions never wait for each other.
 */
export async function loadWorkingSet(
  tx: TransactionSql,
  schema: string,
  devices: readonly { readonly deviceId: string; readonly ops: readonly CheckedOp[] }[],
): Promise<WorkingSet> {
  const ready = devices.flatMap(({ ops }) => ops.flatMap((op) => ('ready' in op ? [op.ready] : [])));
  const set = new WorkingSet();
  const of = (name: SyncEntityName): ReadyOp[] => ready.filter(({ entity }) => entity === name);
  const deviceIds = devices.map(({ deviceId }) => deviceId);
  const known = await Promise.all(syncEntityNames.map((name) => patientsOfRows(tx, schema, name, of(name))));
  const patientIds = uuids([...known.flat(), ...ready.map((op) => op.patch?.['patientId'])]);
  // Sent in this order, and awaited together: what fails among them fails once.
  const [held, reads, own] = await Promise.all([
    hold(tx, schema, patientIds),
    Promise.all(syncEntityNames.map((name) => readEntity(tx, schema, name, of(name)))),
    ownVersions(tx, deviceIds, uuids(ready.map(({ id }) => id))),
  ]);
  for (const { id, ward_id: wardId, deleted } of held) set.place(id, { wardId, deleted });
  for (const { name, rows } of reads) for (const row of rows) loadRow(set, name, row);
  for (const { device_id: id, row_id: rowId, version } of own) set.loadOwn(id, rowId, Number(version));
  return set;
}

function loadRow(set: WorkingSet, name: SyncEntityName, row: LoadedRow): void {
  const { id, patient_id: patientId, version, fields, field_versions: fieldVersions, deleted } = row;
  set.load(name, { id, patientId, version, fields, fieldVersions, deleted });
  if (name === 'patients') set.place(id, { wardId: row.ward_id, deleted });
}

async function patientsOfRows(
  tx: TransactionSql,
  schema: string,
  name: SyncEntityName,
  ops: readonly SyncOp[],
): Promise<string[]> {
  const ids = uuids(ops.flatMap(({ kind, id }) => (kind === 'create' ? [] : [id])));
  if (name === 'patients' || ids.length === 0) return [];
  const rows = await tx.unsafe<{ patient_id: string }[]>(patientsOf(schema, name), [JSON.stringify(ids)]);
  return rows.map((row) => row.patient_id);
}

/** Placement is read under this lock: whoever moves a patient waits, or has moved them before. */
async function hold(tx: TransactionSql, schema: string, ids: readonly string[]): Promise<readonly PatientRow[]> {
  return ids.length > 0 ? await tx.unsafe<PatientRow[]>(holdPatients(schema), [JSON.stringify(ids)]) : [];
}

async function readEntity(
  tx: TransactionSql,
  schema: string,
  name: SyncEntityName,
  ops: readonly SyncOp[],
): Promise<{ name: SyncEntityName; rows: readonly LoadedRow[] }> {
  const { looksAt } = entities[name];
  const others = typeof looksAt === 'function' ? ops.flatMap((op) => looksAt(op)) : [];
  const ids = uuids([...ops.map(({ id }) => id), ...others]);
  const patients = looksAt === 'patient' ? uuids(ops.map((op) => op.patch?.['patientId'])) : [];
  const [byId, byPatient] = await Promise.all([
    ids.length > 0 ? tx.unsafe<LoadedRow[]>(rowsToChange(schema, name), [JSON.stringify(ids)]) : [],
    patients.length > 0 ? tx.unsafe<LoadedRow[]>(rowsOfPatients(schema, name), [JSON.stringify(patients)]) : [],
  ]);
  return { name, rows: [...byPatient, ...byId] };
}

/** Which versions of these rows the devices made themselves. */
async function ownVersions(
  tx: TransactionSql,
  deviceIds: readonly string[],
  rowIds: readonly string[],
): Promise<readonly { readonly device_id: string; readonly row_id: string; readonly version: string }[]> {
  if (rowIds.length === 0) return [];
  return tx`
    select device_id, row_id, version::text from sync.op
     where row_id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(rowIds)}::text::jsonb))
       and device_id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(deviceIds)}::text::jsonb))
       and version is not null and status in ('applied', 'merged')`;
}

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const uuids = (values: readonly unknown[]): string[] => [
  ...new Set(values.filter((value): value is string => typeof value === 'string' && form.test(value))),
];
