import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HospitalDatabase, schemaOf, sqlState, type Hospital } from '@hms/database';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import { untilBlocking } from '../../testing/while-held.js';
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
const retiredVitals = async (): Promise<string[]> => (await retireAll()).filter((name) => /^vitals_\d/.test(name));
const insert = (device: number, at: string) =>
  wards.query(
    `insert into {schema}.vitals (patient_id, recorded_at, device_no, flush_no, writer, heart_rate)
     values (gen_random_uuid(), ${at}, $1, 1, 1, 70)`,
    [device],
  );

const flushNoOf = (daysAgo: number) => Math.floor((Date.now() - daysAgo * 86_400_000) * 1_000);
const insertUnassigned = ({ recordedDaysAgo, cameDaysAgo }: { recordedDaysAgo: number; cameDaysAgo: number }) =>
  wards.query(
    `insert into {schema}.vitals_unassigned (recorded_at, device_no, flush_no, writer, flags)
     values (now() - $1 * interval '1 day', 1, $2, 1, 0)`,
    [recordedDaysAgo, flushNoOf(cameDaysAgo)],
  );
const deleteUnassigned = () => database.inHospital(hospital, (tx) => partitions.deleteUnassigned(tx));

beforeEach(async () => {
  await wards.query(
    `update {schema}.vitals_rollup set raw_from = '-infinity', rolled_until = date_trunc('minute', now())`,
  );
  for (const table of ['vitals_dirty', 'vitals_unassigned', 'telemetry_import']) {
    await wards.query(`delete from {schema}.${table}`);
  }
  await wards.query(`update {schema}.telemetry_retention set raw_days = 90, partition_by = 'month'`);
  await asSchema(`select ensure_telemetry_partitions(now() - interval '200 days', now() + interval '35 days')`);
});

describe('partitions whose time is over', () => {
  it('go, the others stay, and they are not made again', async () => {
    const before = await names();
    const gone = await retiredVitals();
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
    expect(await retiredVitals()).toEqual([]);
    await wards.query(`update {schema}.vitals_rollup set rolled_until = date_trunc('minute', now())`);
    await wards.query(
      `insert into {schema}.vitals_dirty (patient_id, since, until)
       select gen_random_uuid(), at, at from (select now() - interval '250 days' as at) dirty`,
    );
    expect(await retiredVitals()).toEqual([]);
  });

  it('stay while an import stores readings, which it may do of that time, and for a day after it', async () => {
    const lastActive = (ago: string) =>
      wards.query(
        `insert into {schema}.telemetry_import (id, fingerprint, active_at)
         values ('one', sha256(''), now() - $1::interval)
         on conflict (id) do update set active_at = excluded.active_at`,
        [ago],
      );
    await lastActive('23 hours');
    expect(await retiredVitals()).toEqual([]);
    await lastActive('25 hours');
    expect(await retiredVitals()).not.toEqual([]);
  });

  it('stay while readings of their time, which came of late, may be found to be of somebody', async () => {
    await insertUnassigned({ recordedDaysAgo: 150, cameDaysAgo: 1 });
    expect(await deleteUnassigned()).toBe(0);
    const recordedIn = await monthOf('-150 days');
    await retireAll();
    expect(await names()).toContain(recordedIn);
    await wards.query(`update {schema}.vitals_unassigned set flush_no = $1`, [flushNoOf(91)]);
    expect(await deleteUnassigned()).toBe(1);
    await retireAll();
    expect(await names()).not.toContain(recordedIn);
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

describe('readings committed while their partition is about to go', () => {
  const sqlOf0020 = new URL('../../../../../prisma/migrations/tenant/0020_rollups.sql', import.meta.url);
  const late = { device: 7, at: `date_trunc('month', now() - interval '200 days')` };
  /** How many of them are stored when it is done. */
  const race = async (retirement: string): Promise<number> => {
    await asSchema(`alter function ${retirement}() set lock_timeout = '10s'`);
    await asOwner(async (writer) => {
      await writer.query('begin');
      await writer.query(`set local search_path = ${schemaOf(hospital.slug)}`);
      await writer.query(
        `with stored as (
           insert into vitals (patient_id, recorded_at, device_no, flush_no, writer)
           values (gen_random_uuid(), ${late.at}, $1, 1, 1) returning patient_id, recorded_at)
         insert into vitals_dirty (patient_id, since, until) select patient_id, recorded_at, recorded_at from stored`,
        [late.device],
      );
      const retired = wards.query(`select {schema}.${retirement}() from generate_series(1, 60)`);
      await untilBlocking(writer);
      await writer.query('commit');
      await retired;
    });
    return (await wards.query('select from {schema}.vitals where device_no = $1', [late.device])).length;
  };

  it('stay with it, because they are not summed up', async () => {
    expect(await race('retire_telemetry_partition')).toBe(1);
  });

  it('control: go with it, when what is dirty is read before there is the lock', async () => {
    const file = await readFile(sqlOf0020, 'utf8');
    const first = /create function retire_telemetry_partition\(\).*?\nend \$\$;/s.exec(file)?.[0] ?? '';
    await asSchema(first.replace('retire_telemetry_partition', 'retire_by_0020'));
    await asSchema(`alter function retire_by_0020() set search_path = ${schemaOf(hospital.slug)}, public`);
    expect(await race('retire_by_0020')).toBe(0);
  });
});

describe('under writers that never stop', () => {
  it('partitions come and go, by two workers at once, without an error or a wait of 2 s', async () => {
    await wards.query(`update {schema}.telemetry_retention set partition_by = 'day'`);
    // The next bound is midnight: writers are on both sides of it while its partition is made.
    await asSchema(`drop table ${await monthOf('1 month')}`);
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

/** The name of the partition of the month that is so far from now. */
async function monthOf(away: string): Promise<string> {
  const rows = await wards.query<{ name: string }>(`select to_char(now() + $1::interval, '"vitals_"YYYYMM') as name`, [
    away,
  ]);
  return rows[0]?.name ?? '';
}
