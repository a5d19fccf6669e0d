import { join } from 'node:path';
import type pg from 'pg';
import { listHospitals } from '../hospitals/hospitals.js';
import { type HospitalSlug, schemaOf } from '../hospital-ref.js';
import { OperatorError } from '../operator-error.js';
import { MIGRATIONS } from './migration-files.js';
import { migrateSchema } from './migrate-schema.js';

export interface SchemaProgress {
  readonly schema: string;
  /** `unfinished`: its creation was interrupted, so there may be no schema to migrate. */
  readonly status: 'started' | 'done' | 'failed' | 'unfinished';
  /** Names of the files that were applied. */
  readonly applied: readonly string[];
  readonly error?: unknown;
}

export interface MigrateOptions {
  /** Only this hospital, after the shared schemas. */
  readonly only?: HospitalSlug | undefined;
  readonly migrations?: string | undefined;
  readonly onProgress?: (progress: SchemaProgress) => void;
}

/**
 * Migrates the shared schemas, then hospital after hospital. Each schema moves in a transaction of its own, so an
 * interrupted run is simply repeated; a hospital that fails keeps its old tables and does not stop the others.
 *
 * @returns the final state of each schema
 */
export async function migrateAll(owner: pg.Client, options: MigrateOptions = {}): Promise<SchemaProgress[]> {
  const { only, migrations = MIGRATIONS, onProgress = () => undefined } = options;
  const results: SchemaProgress[] = [];
  const finish = (progress: SchemaProgress): void => {
    results.push(progress);
    onProgress(progress);
  };
  const migrate = async (schema: string, folder: string): Promise<void> => {
    onProgress({ schema, status: 'started', applied: [] });
    const applied = await migrateSchema(owner, schema, join(migrations, folder));
    finish({ schema, status: 'done', applied });
  };

  await migrate('public', 'public');
  await createSyncSchema(owner);
  await migrate('sync', 'sync');
  const hospitals = (await listHospitals(owner)).filter(({ slug }) => only === undefined || slug === only);
  if (only !== undefined && hospitals.length === 0) throw new OperatorError(`There is no hospital ${only}.`);
  for (const { slug, status } of hospitals) {
    const schema = schemaOf(slug);
    if (status === 'provisioning') finish({ schema, status: 'unfinished', applied: [] });
    else
      await migrate(schema, 'tenant').catch((error: unknown) =>
        finish({ schema, status: 'failed', applied: [], error }),
      );
  }
  return results;
}

/** What hospitals are made in: the schemas `public` and `sync`. */
export async function migrateShared(owner: pg.Client, migrations: string = MIGRATIONS): Promise<void> {
  await migrateSchema(owner, 'public', join(migrations, 'public'));
  await createSyncSchema(owner);
  await migrateSchema(owner, 'sync', join(migrations, 'sync'));
}

const createSyncSchema = (owner: pg.Client): Promise<unknown> => owner.query('create schema if not exists sync');
