import { syncEntities, type SyncEntityName } from '@hms/contracts';
import type { TestHospital } from './test-hospital.js';
import type { TestUser } from './test-sync.js';

export type Row = Readonly<Record<string, unknown>> & { readonly id: string };

/** A user at a client of somebody else's making. */
export interface ForeignReplica {
  readonly user: TestUser;
  readonly entities: readonly SyncEntityName[];
  rows(entity: SyncEntityName): Promise<Row[]>;
  create(entity: SyncEntityName, fields: Readonly<Record<string, unknown>>): Promise<string>;
  update(entity: SyncEntityName, id: string, fields: Readonly<Record<string, unknown>>): Promise<void>;
  remove(entity: SyncEntityName, id: string): Promise<void>;
  /** Sends and fetches, as far as the network lets it. */
  sync(): Promise<void>;
  /** Whether nothing waits to be sent. */
  isIdle(): Promise<boolean>;
  close(): Promise<void>;
}

/** What two sides must agree on, of each kind of row. */
export const compared = {
  patients: ['familyName', 'givenName', 'phone', 'wardId', 'mrn'],
  allergies: ['patientId', 'substance', 'criticality', 'severity', 'clinicalStatus'],
  conditions: ['patientId', 'display', 'clinicalStatus', 'severity'],
  observations: ['patientId', 'code', 'status'],
  notes: ['patientId', 'text', 'status', 'createdBy'],
  appointments: ['patientId', 'providerId', 'serviceId', 'status'],
  encounters: ['patientId', 'class', 'status', 'chiefComplaint'],
} as const satisfies Record<SyncEntityName, readonly string[]>;

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export const heldBy = async (replica: ForeignReplica, entity: SyncEntityName): Promise<string[]> =>
  (await replica.rows(entity))
    .map((row) => [row.id, ...compared[entity].map((name) => row[name] ?? null)].map(String).join(' | '))
    .sort();

/** What a replica of these wards, or of the whole hospital, should hold, by a question of the test's own. */
export async function dueTo(
  hospital: TestHospital,
  wardIds: readonly string[],
  entity: SyncEntityName,
): Promise<string[]> {
  const { table, patientColumn } = syncEntities[entity];
  const columns = ['id', ...compared[entity].map(snake)].map((column) => `coalesce(r.${column}::text, 'null')`);
  const rows = await hospital.rows<{ row: string }>(
    `select concat_ws(' | ', ${columns.join(', ')}) as row
       from {schema}.${table} r join {schema}.patient p on p.id = r.${patientColumn}
      where p.deleted_at is null and (cardinality($1::uuid[]) = 0 or p.ward_id = any ($1::uuid[]))`,
    [wardIds],
  );
  return rows.map(({ row }) => row).sort();
}
