import { seedAlarms } from './alarms.seed.js';
import { seedAppointments } from './appointments.seed.js';
import { seedConditions } from './conditions.seed.js';
import { seedDevices } from './devices.seed.js';
import { seedNotes } from './notes.seed.js';
import { seedPatients } from './patients.seed.js';
import { type FeatureSeed } from './seed-context.js';
import { seedVitals } from './vitals.seed.js';
import { seedWards } from './wards.seed.js';

/** In the order they build on each other. A new feature adds a file and a line. */
export const featureSeeds: readonly FeatureSeed[] = [
  seedWards,
  seedPatients,
  seedConditions,
  seedNotes,
  seedDevices,
  seedVitals,
  seedAlarms,
  seedAppointments,
];
