import type { SyncEntityName } from '@hms/contracts';
import { allergies } from './allergies.js';
import { appointments } from './appointments.js';
import { conditions } from './conditions.js';
import { encounters } from './encounters.js';
import type { Entity } from './entity.js';
import { notes } from './notes.js';
import { observations } from './observations.js';
import { patients } from './patients.js';

/** What is synced, in the order in which it is written: what a row may refer to before it. */
export const entities: Readonly<Record<SyncEntityName, Entity>> = {
  patients,
  allergies,
  conditions,
  observations,
  appointments,
  encounters,
  notes,
};
