import { syncEntityNames, type SyncEntityName, type SyncOp } from '@hms/contracts';
import { entities } from '../entities/registry.js';
import { readSchedules } from '../schedules/read-schedules.js';
import { wishOf } from '../schedules/wish.js';
import type { ReadyOp } from '../entities/entity.js';
import type { HospitalTransaction } from './hospital-transaction.js';
import type { CheckedOp } from './op-check.js';
import { holdPatients, patientsOf, rowsOfPatients, rowsToChange } from './push-statements.js';
import type { PushRequest } from './push-request.js';
import { uuids } from './uuids.js';
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
  at: HospitalTransaction,
  pushes: readonly { readonly request: Pick<PushRequest, 'deviceId'>; readonly ops: readonly CheckedOp[] }[],
): Promise<WorkingSet> {
  const ready = pushes.flatMap(({ ops }) => ops.flatMap((op) => ('ready' in op ? [op.ready] : [])));
  const of = (name: SyncEntityName): ReadyOp[] => ready.filter(({ entity }) => entity === name);
  const changed = ready.filter(({ kind }) => kind !== 'create');
  const deviceIds = pushes.map(({ request }) => request.deviceId);
  const known = await Promise.all(syncEntityNames.map((name) => patientsOfRows(at, name, of(name))));
  const patientIds = uuids([...known.flat(), ...ready.map((op) => op.patch?.['patientId'])]);
  // Sent in this order, and awaited together: what fails among them fails once.
  const [held, reads, own, schedules] = await Promise.all([
    hold(at, patientIds),
    Promise.all(syncEntityNames.map((name) => readEntity(at, name, of(name)))),
    ownVersions(at, deviceIds, uuids(changed.map(({ id }) => id))),
    readSchedules(
      at,
      of('appointments').map(({ patch }) => wishOf(patch)),
    ),
  ]);
  const set = new WorkingSet(schedules);
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
  { tx, hospital: { schema } }: HospitalTransaction,
  name: SyncEntityName,
  ops: readonly SyncOp[],
): Promise<string[]> {
  const ids = uuids(ops.flatMap(({ kind, id }) => (kind === 'create' ? [] : [id])));
  if (name === 'patients' || ids.length === 0) return [];
  const rows = await tx.unsafe<{ patient_id: string }[]>(patientsOf(schema, name), [JSON.stringify(ids)]);
  return rows.map((row) => row.patient_id);
}

/** Placement is read under this lock: whoever moves a patient waits, or has moved them before. */
async function hold(
  { tx, hospital: { schema } }: HospitalTransaction,
  ids: readonly string[],
): Promise<readonly PatientRow[]> {
  return ids.length > 0 ? await tx.unsafe<PatientRow[]>(holdPatients(schema), [JSON.stringify(ids)]) : [];
}

async function readEntity(
  { tx, hospital: { schema } }: HospitalTransaction,
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
  { tx }: HospitalTransaction,
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
