import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withOwner } from '@hms/database';
import { openKeyProvider, readKeySource } from '@hms/encryption';
import type pg from 'pg';
import { ownerUrl } from '../config.js';
import { type DemoHospital, writeDemoFile } from '../demo/demo-file.js';
import { ireland } from '../demo/regions.js';
import { deleteDemo, seedDemo, type SeedOptions } from '../demo/seed-demo.js';

/** A demo of one small hospital, three of whose patients wear a monitor, with its file in a folder of its own. */
export class TestDemo {
  private constructor(
    private readonly options: SeedOptions,
    readonly hospital: DemoHospital,
    readonly folder: string,
  ) {}

  static async create(): Promise<TestDemo> {
    const run = randomBytes(4).toString('hex');
    const ward = { code: 'GEN', name: 'General', beds: 4, monitored: 3, ages: [20, 80] } as const;
    const options: SeedOptions = {
      definitions: [
        {
          ...{ slug: `demo_${run}`, name: `Demo ${run}`, country: 'IE', currency: 'EUR', timezone: 'Europe/Dublin' },
          ...{ emailDomain: `${run}.example`, region: ireland, wards: [ward], outpatients: 0 },
        },
      ],
      superAdminEmail: `super-admin@${run}.example`,
      seed: run,
      now: new Date(),
      keyProvider: openKeyProvider(readKeySource(process.env)),
      written: undefined,
    };
    const [hospital] = await asOwner((owner) => seedDemo(owner, options));
    if (!hospital) throw new Error('the demo was not seeded');
    const demo = new TestDemo(options, hospital, await mkdtemp(join(tmpdir(), 'hms-cli-')));
    const baseUrl = process.env['HMS_INGEST_URL'] ?? '';
    const addresses = { baseUrl, databaseUrl: '', databaseDirectUrl: '', redisUrl: '' };
    await writeDemoFile(demo.file, { ...addresses, hospitals: [hospital] });
    return demo;
  }

  get file(): string {
    return join(this.folder, 'demo.json');
  }

  get schema(): string {
    return `hospital_${this.hospital.slug}`;
  }

  /** `{schema}` in the text is the hospital's. */
  async rows<T extends pg.QueryResultRow>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    const { rows } = await asOwner((owner) => owner.query<T>(sql.replaceAll('{schema}', this.schema), parameters));
    return rows;
  }

  async count(table: string, where = 'true'): Promise<number> {
    const [row] = await this.rows<{ n: number }>(`select count(*)::int as n from {schema}.${table} where ${where}`);
    return row?.n ?? 0;
  }

  async drop(): Promise<void> {
    await asOwner((owner) => deleteDemo(owner, this.options));
    await rm(this.folder, { recursive: true });
  }
}

const asOwner = <T>(work: (owner: pg.Client) => Promise<T>): Promise<T> => withOwner(ownerUrl(process.env), work);
