import { randomBytes } from 'node:crypto';
import { withOwner } from '@hms/database';
import { openKeyProvider, readKeySource } from '@hms/encryption';
import type pg from 'pg';
import { ownerUrl } from '../config.js';
import { type DemoFile, type DemoHospital } from './demo-file.js';
import { type HospitalDefinition } from './hospitals.js';
import { ireland } from './regions.js';
import { deleteDemo, seedDemo, type SeedOptions } from './seed-demo.js';

const run = randomBytes(4).toString('hex');
const slug = `demo_${run}`;
const definition: HospitalDefinition = {
  slug,
  name: `Demo ${run}`,
  country: 'IE',
  currency: 'EUR',
  timezone: 'Europe/Dublin',
  emailDomain: `${run}.example`,
  region: ireland,
  wards: [{ code: 'GEN', name: 'General', beds: 4, monitored: 3, ages: [20, 80] }],
  outpatients: 5,
};
const options = (over: Partial<SeedOptions> = {}): SeedOptions => ({
  definitions: [definition],
  superAdminEmail: `super-admin@${run}.example`,
  seed: run,
  now: new Date(),
  keyProvider: openKeyProvider(readKeySource(process.env)),
  written: undefined,
  ...over,
});
const fileOf = (hospitals: DemoHospital[]): DemoFile => ({
  baseUrl: 'http://127.0.0.1',
  databaseUrl: '',
  databaseDirectUrl: '',
  redisUrl: '',
  hospitals,
});

const asOwner = <T>(work: (owner: pg.Client) => Promise<T>): Promise<T> => withOwner(ownerUrl(process.env), work);
const seed = (over?: Partial<SeedOptions>): Promise<DemoHospital[]> =>
  asOwner((owner) => seedDemo(owner, options(over)));

const tables = [
  'ward',
  'bed',
  'patient',
  'patient_identifier',
  'allergy',
  'condition',
  'note',
  'device',
  'device_assignment',
  'vitals',
  'vitals_newest',
  'counter',
  'site',
  'service_type',
  'resource',
  'schedule_rule',
  'appointment',
  'appointment_resource',
];

/** Everything of the demo that a second run could write, with the transaction that wrote each row. */
const writes = (): Promise<unknown[]> =>
  asOwner(async (owner) => {
    const perTable = tables.map(
      (name) =>
        `select '${name}' as name, count(*)::text as rows, max(xmin::text::bigint)::text as last from hospital_${slug}.${name}`,
    );
    const users = `select 'app_user', count(*)::text, max(xmin::text::bigint)::text from public.app_user where email like '%@${run}.example'`;
    const { rows } = await owner.query<Record<string, string>>([...perTable, users].join(' union all '));
    return rows;
  });

describe('seeding the demo', () => {
  let first: DemoHospital[];

  beforeAll(async () => {
    first = await seed();
  });

  afterAll(async () => {
    await asOwner((owner) => deleteDemo(owner, options()));
  });

  it('lists a login for every role, the wards, the patients and who is at which monitor', () => {
    expect(first).toMatchObject([{ slug, currency: 'EUR', timezone: 'Europe/Dublin' }]);
    const [hospital] = first;
    expect(new Set(hospital?.users.map((user) => user.role)).size).toBe(9);
    expect(hospital?.patients).toHaveLength(3 + 1 + 5);
    expect(hospital?.devices).toHaveLength(3);
    expect(hospital?.patients.map((patient) => patient.mrn)).toEqual(
      Array.from({ length: 9 }, (_, i) => String(i + 1).padStart(8, '0')),
    );
  });

  it('writes nothing when all is there', async () => {
    const before = await writes();
    expect(await seed({ written: fileOf(first) })).toEqual(first);
    expect(await writes()).toEqual(before);
  });

  it('finishes what an interrupted run left out, without numbering patients twice', async () => {
    await asOwner(async (owner) => {
      const schema = `hospital_${slug}`;
      await owner.query(`truncate ${schema}.vitals, ${schema}.vitals_newest, ${schema}.telemetry_flush`);
      await owner.query(`truncate ${schema}.device_assignment, ${schema}.device cascade`);
    });
    expect(await seed({ written: fileOf(first) })).toEqual(first);
    const { rows } = await asOwner((owner) =>
      owner.query<{ history: string; numbered: string }>(
        `select (select count(*) from hospital_${slug}.vitals) as history,
                (select value from hospital_${slug}.counter where name = 'mrn') as numbered`,
      ),
    );
    expect(Number(rows[0]?.history)).toBeGreaterThan(2_000);
    expect(rows[0]?.numbered).toBe('9');
  });

  it('issues new passwords and a new key when the demo file is lost', async () => {
    const again = await seed();
    expect(again[0]?.gatewayKey).not.toBe(first[0]?.gatewayKey);
    expect(again[0]?.users[1]?.password).not.toBe(first[0]?.users[1]?.password);
    expect(again[0]?.patients).toEqual(first[0]?.patients);
    expect(await seed({ written: fileOf(again) })).toEqual(again);
  });

  it('leaves a hospital alone that is not the demo but has its slug', async () => {
    await expect(seed({ seed: `other ${run}`, superAdminEmail: `other@${run}.example` })).rejects.toThrow(
      `There is a hospital ${slug} already`,
    );
  });
});
