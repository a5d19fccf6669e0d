import { schemaOf, type Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { asOwner } from '../../../testing/test-hospital.js';

type Row = Readonly<Record<string, unknown>>;

/** Leaves in a hospital what ingest would leave of a sync. */
export class Synced {
  constructor(private readonly hospital: Hospital) {}

  async device(userId: string, over: Row = {}): Promise<string> {
    const id = uuidv7();
    const device = { id, hospital_id: this.hospital.id, user_id: userId, name: 'Tablet 3', schema_version: 1 };
    await this.#insert('sync.device', { ...device, ...over });
    return id;
  }

  /** Of a device and a patient. */
  async conflict(conflict: Row & { readonly fields?: readonly object[] }): Promise<string> {
    const id = uuidv7();
    const { fields = [], ...others } = conflict;
    await this.#insert(`${schemaOf(this.hospital.slug)}.sync_conflict`, {
      id,
      op_id: uuidv7(),
      entity: 'patients',
      row_id: conflict['patient_id'],
      kind: 'conflict',
      base_version: 1,
      row_version: 1,
      client_at: '2026-02-01T08:00:00Z',
      skew_ms: -2_000,
      fields: JSON.stringify(fields),
      op: '{}',
      ...others,
    });
    return id;
  }

  async quarantined(quarantined: Row): Promise<string> {
    const id = uuidv7();
    await this.#insert(`${schemaOf(this.hospital.slug)}.sync_quarantine`, {
      id,
      op_id: uuidv7(),
      seq: 7,
      entity: 'notes',
      code: 'forbidden_scope',
      reason: 'The patient is on no ward of this device',
      op: '{}',
      ...quarantined,
    });
    return id;
  }

  #insert(table: string, row: Row): Promise<unknown> {
    const columns = Object.keys(row);
    const places = columns.map((_, i) => `$${i + 1}`).join(', ');
    const statement = `insert into ${table} (${columns.join(', ')}) values (${places})`;
    return asOwner((owner) => owner.query(statement, Object.values(row)));
  }
}
