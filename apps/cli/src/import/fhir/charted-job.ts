import type { Hospital } from '@hms/database';
import { DataKeys, openKeyProvider, PgDataKeyStore, readKeySource } from '@hms/encryption';
import type pg from 'pg';
import { chunksOf } from '../chunks.js';
import { importJob, type ImportJob } from '../import-job.js';
import { chunkRows } from '../import-run.js';
import { windowOf } from '../import-store.js';
import type { Position } from '../records.js';
import { chartedReader } from './charted-reader.js';
import { ChartedStore } from './charted-store.js';
import type { Resources } from './fhir-file.js';
import { FilePatients } from './file-patients.js';
import { PatientMatcher } from './patient-matcher.js';

/** No chart is older than its patient. */
const longestLifeMs = 120 * 365.25 * 86_400_000;

export interface ChartedOptions {
  readonly hospital: Hospital;
  readonly schema: string;
  readonly mrnSystem: string | undefined;
  readonly resources: (at?: Position) => Resources;
}

/** Stores vital signs of FHIR Observations with what was charted. */
export async function chartedJob(
  owner: pg.Client,
  { hospital, schema, mrnSystem, resources }: ChartedOptions,
): Promise<ImportJob> {
  const keys = new DataKeys(new PgDataKeyStore(owner), openKeyProvider(readKeySource(process.env)));
  const cipher = await keys.cipherFor(hospital.id);
  const { now } = await windowOf(owner, schema);
  const read = chartedReader({
    patients: await FilePatients.of(resources()),
    matcher: new PatientMatcher(owner, { schema, cipher, mrnSystem }),
    window: { from: now - longestLifeMs, now },
  });
  return importJob(
    ({ rows, at }) => chunksOf(resources(at), { startRow: rows, size: chunkRows, read }),
    (ledger) => ChartedStore.open(ledger),
  );
}
