import type { FieldCipher } from '@hms/encryption';
import type pg from 'pg';
import { type HospitalPlan } from '../plan.js';

/** What every part of the demo is seeded from. */
export interface SeedContext {
  /** In a transaction; owns all tables. */
  readonly owner: pg.ClientBase;
  readonly plan: HospitalPlan;
  /** The hospital's schema, quoted. */
  readonly schema: string;
  readonly seed: string;
  /** Of the hospital. */
  readonly cipher: FieldCipher;
  readonly now: Date;
}

/** Adds one feature's demo data to a hospital. Adds only what is missing, so that it can be repeated at any time. */
export type FeatureSeed = (context: SeedContext) => Promise<void>;
