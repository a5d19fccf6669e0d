import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HospitalDatabase, schemaOf, sqlState, type Hospital } from '@hms/database';
import pg from 'pg';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import { TelemetryPartitionsRepository } from './telemetry-partitions.repository.js';

let hospital: Hospital;
let wards: TestWards;
let database: HospitalDatabase;
const partitions = new TelemetryPartitionsRepository();

beforeAll(async () => {
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  database = new HospitalDatabase({ url: process.env['DATABASE_URL'] ?? '', onError: () => undefined });
});

afterAll(async () => {
  await database.close();
  await dropTestHospital(hospital);
});

const retire = () => database.inHospital(hospital, (tx) => partitions.retire(tx));
const ensure = () => database.inHospital(hospital, (tx) => partitions.ensure(tx));
const asSchema = (statement: string) =>
  asOwner((owner) =>
    owner.query(`set search_path = ${schemaOf(hospital.slug)}, public; set timezone = 'UTC'; ${statement}`),
  );
const names = async (parent = 'vitals'): Promise<string[]> => {
  const rows = await wards.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = '{schema}.${parent}'::regclass`,
  );
  return rows.map(({ name }) => name.replace(/^.*\./, '')).sort();
};
const retireAll = async (): Promise<string[]> => {
  const gone: string[] = [];
  for (let name = await retire(); name !== undefined; name = await retire()) gone.push(name);
  return gone;
};
const insert = (device: number, at: string) =>
  wards.query(
    `insert into {schema}.vitals (patient_id, recorded_at, device_no, flush_no, writer, heart_rate)
     values (gen_random_uuid(), ${at}, $1, 1, 1, 70)`,
    [device],
  );

beforeEach(async () => {
  await wards.query(
    `update {schema}.vitals_rollup set raw_from = '-infinity', rolled_until = date_trunc('minute', now())`,
  );
  await wards.query('delete from {schema}.vitals_dirty');
  await wards.query(`update {schema}.telemetry_retention set raw_days = 90, partition_by = 'month'`);
  await asSchema(`select ensure_telemetry_partitions(now() - interval '200 days', now() + interval '35 days')`);
});

describe('partitions whose time is over', () => {
  it('go, the others stay, and they are not made again', async () => {
    const before = await names();
    const gone = (await retireAll()).filter((name) => name.startsWith('vitals_'));
    expect(gone.length).toBeGreaterThanOrEqual(2);
    expect(await names()).toEqual(before.filter((name) => !gone.includes(name)));
    const kept = await names();
    await asSchema(`select ensure_telemetry_partitions(now() - interval '200 days', now() + interval '35 days')`);
    expect(await names()).toEqual(kept);
  });

  it('stay until what they hold is summed up', async () => {
    await wards.query(
      `update {schema}.vitals_rollup set rolled_until = date_trunc('minute', now() - interval '300 days')`,
    );
    expect((await retireAll()).filter((name) => name.startsWith('vitals_'))).toEqual([]);
    await wards.query(`update {schema}.vitals_rollup set rolled_until = date_trunc('minute', now())`);
    await wards.query(
      `insert into {schema}.vitals_dirty (patient_id, since, until)
       select gen_random_uuid(), at, at from (select now() - interval '250 days' as at) dirty`,
    );
    expect((await retireAll()).filter((name) => name.startsWith('vitals_'))).toEqual([]);
  });

  it('stay while a query reads them, and no writer waits longer than 2 s for the attempt', async () => {
    const reader = new pg.Client({ connectionString: process.env['DATABASE_DIRECT_URL'] });
    await reader.connect();
    await reader.query(`begin; select count(*) from ${schemaOf(hospital.slug)}.vitals`);
    const attempt = retireAll().then(
      () => 'retired',
      (err: unknown) => sqlState(err),
    );
    const began = performance.now();
    await insert(1, 'now()');
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(await attempt).toBe('55P03');
    await reader.query('commit');
    await reader.end();
    expect(await retireAll()).not.toEqual([]);
  });
});

describe('under writers that never stop', () => {
  it('partitions come and go, by two workers at once, without an error or a wait of 2 s', async () => {
    await wards.query(`update {schema}.telemetry_retention set partition_by = 'day'`);
    // The next bound is midnight: writers are on both sides of it while its partition is made.
    await asSchema(`drop table vitals_${await nextMonth()}`);
    let writing = true;
    let slowest = 0;
    const writers = [1, 2, 3].map(async (device) => {
      const client = new pg.Client({ connectionString: process.env['DATABASE_DIRECT_URL'] });
      await client.connect();
      for (let i = 0; writing; i++) {
        const began = performance.now();
        await client.query(
          `insert into ${schemaOf(hospital.slug)}.vitals (patient_id, recorded_at, device_no, flush_no, writer)
           values (gen_random_uuid(), date_trunc('month', now()) + interval '1 month' - ($1 % 2 + 1) * interval '1 ms', $2, $1, 1)`,
          [i, device],
        );
        slowest = Math.max(slowest, performance.now() - began);
      }
      await client.end();
    });
    const jobs = [1, 2].map(async () => {
      await ensure();
      for (let name: string | undefined = ''; name !== undefined;) {
        name = await retire().catch((err: unknown) => {
          if (sqlState(err) !== '55P03') throw err;
          return '';
        });
      }
    });
    await Promise.all(jobs);
    writing = false;
    await Promise.all(writers);
    expect(slowest).toBeLessThan(2_000);
    await insert(9, `date_trunc('month', now()) + interval '1 month'`);
    const defaults = await wards.query(
      `select from pg_inherits i join pg_class c on c.oid = i.inhrelid
        where i.inhparent = '{schema}.vitals'::regclass and pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT'`,
    );
    expect(defaults).toEqual([]);
    expect((await names()).some((name) => /^vitals_\d{8}$/.test(name))).toBe(true);
  }, 60_000);
});

async function nextMonth(): Promise<string> {
  const rows = await wards.query<{ name: string }>(`select to_char(now() + interval '1 month', 'YYYYMM') as name`);
  return rows[0]?.name ?? '';
}
