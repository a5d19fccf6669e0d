import type { Permission } from '../permissions.js';

/** What of a hospital's record phones and tablets hold offline. The list from which triggers, pull and push are made;
 * what a row may refer to comes before it. */
export interface SyncEntity {
  /** Its place in the change feed, for ever. */
  readonly no: number;
  /** In the hospital's schema, with columns `id uuid` and `version int`. */
  readonly table: string;
  /** The column that names the patient whose wards decide who may hold a row. */
  readonly patientColumn: string;
  /** The column that is set when a row is deleted, where rows can be. */
  readonly deletedColumn?: string;
  readonly read: Permission;
  /** Rows that only become more: of those that devices have room for, its share. The newest are sent. */
  readonly historyShare?: number;
}

export const syncEntities = {
  patients: { no: 1, table: 'patient', patientColumn: 'id', deletedColumn: 'deleted_at', read: 'patient:read' },
  allergies: { no: 2, table: 'allergy', patientColumn: 'patient_id', read: 'allergy:read' },
  conditions: { no: 3, table: 'condition', patientColumn: 'patient_id', read: 'condition:read' },
  observations: {
    no: 4,
    table: 'charted_observation',
    patientColumn: 'patient_id',
    read: 'vitals:read',
    historyShare: 0.75,
  },
  appointments: { no: 6, table: 'appointment', patientColumn: 'patient_id', read: 'appointment:read' },
  encounters: { no: 7, table: 'encounter', patientColumn: 'patient_id', read: 'encounter:read' },
  notes: { no: 5, table: 'note', patientColumn: 'patient_id', read: 'note:read', historyShare: 0.25 },
} as const satisfies Record<string, SyncEntity>;

export type SyncEntityName = keyof typeof syncEntities;
export const syncEntityNames = Object.keys(syncEntities) as SyncEntityName[];
export const isSyncEntity = (name: string): name is SyncEntityName => Object.hasOwn(syncEntities, name);
