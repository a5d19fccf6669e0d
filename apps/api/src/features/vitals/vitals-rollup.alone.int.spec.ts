/* Alone: its sums are late, and not exact yet, while anybody has an older transaction open. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { acvpuLevels, vitalSigns } from '@hms/contracts';
import { HospitalDatabase, hospitalRef, schemaOf, type Hospital, type TenantTx } from '@hms/database';
import fc from 'fast-check';
import pg from 'pg';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards, type Monitor } from '../../testing/test-ward.js';
import type { Portion } from './rollup-portion.policy.js';
import { notSummedUp, VitalsRollupRepository } from './vitals-rollup.repository.js';
import { VitalsRollupService } from './vitals-rollup.service.js';

const minute = 60_000;
/** The first minute of the test: a quarter of an hour begins at it, and there are partitions for it. */
const begin = Math.floor(Date.now() / (15 * minute) - 16) * 15 * minute;
const at = (ms: number): Date => new Date(begin + ms);

let hospital: Hospital;
let wards: TestWards;
let ward: string;
let database: HospitalDatabase;
let rollup: VitalsRollupService;
let monitor: Monitor;
let patients: string[];

beforeAll(async () => {
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  ward = await wards.ward();
  monitor = await wards.device();
  patients = await Promise.all([wards.patient(), wards.patient()]);
  database = new HospitalDatabase({ url: process.env['DATABASE_URL'] ?? '', onError: () => undefined });
  rollup = new VitalsRollupService(database, new VitalsRollupRepository());
});

afterAll(async () => {
  await database.close();
  await dropTestHospital(hospital);
});

/** As if nothing had ever been recorded, and `begin` were now. */
async function startAnew(): Promise<void> {
  await wards.query('delete from {schema}.device_assignment');
  for (const table of ['vitals', 'vitals_unassigned', 'vitals_1m', 'vitals_15m', 'vitals_dirty', 'telemetry_flush']) {
    await wards.query(`delete from {schema}.${table}`);
  }
  await wards.query('update {schema}.vitals_rollup set rolled_until = $1', [at(0)]);
}

interface Row {
  /** Milliseconds after `begin`. */
  readonly at: number;
  readonly heartRate: number | null;
  readonly temperature: number | null;
  readonly onOxygen: boolean | null;
  readonly acvpu: string | null;
}

const nothing = { heartRate: null, temperature: null, onOxygen: null, acvpu: null };

let flushes = 0;

/**
 * Stores readings as ingest does: a flush tells of those that are fresh, and each older one is dirty. Those that are there
 * already keep their mark, and are dirty.
 */
const flushOf = (schema: string, rows: readonly Row[], freshFrom: number) => ({
  text: `
    with flush as (
      insert into ${schema}.telemetry_flush (writer, flush_no, rows, fresh_from) values (9, $2, 0, $4) returning flush_no),
    taken as (
      select r.at, r.hr, r.temp, r.o2, r.acvpu::"char" as acvpu, a.patient_id, d.device_no
        from jsonb_to_recordset($1::jsonb) as r (at timestamptz, hr smallint, temp real, o2 boolean, acvpu text)
        join ${schema}.device d on d.id = $3
        left join ${schema}.device_assignment a on a.device_id = d.id and a.valid @> r.at),
    assigned as (
      insert into ${schema}.vitals as v
        (patient_id, recorded_at, device_no, flush_no, writer, heart_rate, temperature, on_oxygen, acvpu)
      select patient_id, at, device_no, $2, 9, hr, temp, o2, acvpu from taken where patient_id is not null
      on conflict (patient_id, recorded_at, device_no) do update set
        heart_rate = coalesce(excluded.heart_rate, v.heart_rate),
        temperature = coalesce(excluded.temperature, v.temperature),
        on_oxygen = coalesce(excluded.on_oxygen, v.on_oxygen),
        acvpu = coalesce(excluded.acvpu, v.acvpu)
      returning patient_id, recorded_at, flush_no),
    unassigned as (
      insert into ${schema}.vitals_unassigned
        (recorded_at, device_no, flush_no, writer, flags, heart_rate, temperature, on_oxygen, acvpu)
      select at, device_no, $2, 9, 0, hr, temp, o2, acvpu from taken where patient_id is null on conflict do nothing)
    insert into ${schema}.vitals_dirty (patient_id, since, until)
    select patient_id, recorded_at, recorded_at from assigned where recorded_at < $4 or flush_no <> $2`,
  values: [
    JSON.stringify(
      rows.map(({ at: ms, heartRate: hr, temperature: temp, onOxygen: o2, acvpu }) => ({
        at: at(ms),
        hr,
        temp,
        o2,
        acvpu,
      })),
    ),
    ++flushes,
    monitor.deviceId,
    at(freshFrom),
  ],
});

async function store(rows: readonly Row[], freshFrom: number): Promise<void> {
  const { text, values } = flushOf('{schema}', rows, freshFrom);
  await wards.query(text, values);
}

/** Sums up what was recorded until so long after `begin`. */
const sumUp = (ms: number): Promise<void> => rollup.catchUp(hospital, at(ms + 2 * minute));

interface Sum {
  readonly key: string;
  readonly sums: string;
}

/** The second opinion: everything that was recorded until then, summed up from the beginning. */
const fresh = (width: string): Promise<Sum[]> =>
  wards.query<Sum>(`
    select concat_ws(' ', patient_id, bucket) as key, concat_ws(' ', count(*), count(heart_rate), sum(heart_rate),
             min(heart_rate), max(heart_rate), sum(temperature::float8), max(temperature),
             (array_agg(on_oxygen order by recorded_at desc) filter (where on_oxygen is not null))[1],
             (array_agg(acvpu order by recorded_at desc) filter (where acvpu is not null))[1]) as sums
      from (select *, date_bin('${width}', recorded_at, '2000-01-01Z') as bucket from {schema}.vitals) v, {schema}.vitals_rollup
     where bucket + '${width}' <= rolled_until group by patient_id, bucket order by 1`);
const kept = (table: string): Promise<Sum[]> =>
  wards.query<Sum>(`
    select concat_ws(' ', patient_id, bucket) as key, concat_ws(' ', n, coalesce(heart_rate_n, 0), heart_rate_sum,
             heart_rate_min, heart_rate_max, temperature_sum, temperature_max, on_oxygen_last, acvpu_last) as sums
      from {schema}.${table} order by 1`);

async function expectExact(): Promise<void> {
  expect(await kept('vitals_1m')).toEqual(await fresh('1 minute'));
  expect(await kept('vitals_15m')).toEqual(await fresh('15 minutes'));
}

const hour = 60 * minute;
const anyTime = fc.nat(hour - 1);
const anyRow = fc.record<Row>({
  // Few instants, so that some come twice.
  at: fc.oneof(anyTime, fc.constantFrom(0, 1, minute, 15 * minute - 1, 15 * minute, 40 * minute)),
  heartRate: fc.option(fc.integer({ min: 40, max: 180 })),
  temperature: fc.option(fc.integer({ min: 30, max: 42 })),
  onOxygen: fc.option(fc.boolean()),
  acvpu: fc.option(fc.constantFrom(...acvpuLevels)),
});
const anyStep = fc.oneof(
  fc.record({
    kind: fc.constant('store' as const),
    rows: fc.uniqueArray(anyRow, { selector: (row) => row.at, minLength: 1, maxLength: 12 }),
    freshFrom: anyTime,
  }),
  fc.record({ kind: fc.constant('sum up' as const), until: anyTime }),
  fc.record({ kind: fc.constant('assign' as const), patient: fc.nat(1), from: anyTime, span: fc.nat(hour) }),
  fc.record({ kind: fc.constant('end' as const), from: anyTime }),
);

async function take(step: typeof anyStep extends fc.Arbitrary<infer S> ? S : never): Promise<void> {
  if (step.kind === 'store') return store(step.rows, step.freshFrom);
  if (step.kind === 'sum up') return sumUp(step.until);
  // Whoever wears the device from then on, and nobody else.
  await wards.query(
    `update {schema}.device_assignment set valid = tstzrange(lower(valid), least(upper(valid), $1)) where lower(valid) < $1`,
    [at(step.from)],
  );
  await wards.query('delete from {schema}.device_assignment where lower(valid) >= $1', [at(step.from)]);
  if (step.kind === 'assign') {
    const valid = `[${at(step.from).toISOString()}, ${at(step.from + step.span + 1).toISOString()})`;
    await wards.assign(monitor.deviceId, patients[step.patient] ?? '', { wardId: ward, valid });
  }
}

describe('a hospital', () => {
  const isLookedAt = async () => (await database.hospitalsWhere([hospitalRef(hospital)], notSummedUp)).length > 0;

  it('is looked at when something came, when something is dirty, and else every quarter of an hour', async () => {
    await startAnew();
    expect(await isLookedAt()).toBe(true);
    const seen = `flushes_seen = pg_snapshot_xmin(pg_current_snapshot())`;
    await wards.query(`update {schema}.vitals_rollup set rolled_until = date_trunc('minute', now()), ${seen}`);
    expect(await isLookedAt()).toBe(false);
    await wards.query('insert into {schema}.telemetry_flush (writer, flush_no, rows) values (9, -1, 0)');
    expect(await isLookedAt()).toBe(true);
    await wards.query(`update {schema}.telemetry_flush set committed_at = now() - interval '2 hours'`);
    await wards.query(`update {schema}.vitals_rollup set ${seen}`);
    expect(await isLookedAt()).toBe(false);
    await wards.query(`insert into {schema}.vitals_dirty (patient_id, since, until) values ($1, now(), now())`, [
      patients[0],
    ]);
    expect(await isLookedAt()).toBe(true);
  });
});

describe('the sums of minutes and quarters of an hour', () => {
  it('have a column for each vital sign', async () => {
    const parts = { integer: 'max min n sum', decimal: 'max min n sum', boolean: 'last n', acvpu: 'last n' };
    const wanted = vitalSigns.flatMap(({ column, kind }) => parts[kind].split(' ').map((part) => `${column}_${part}`));
    for (const table of ['vitals_1m', 'vitals_15m']) {
      const columns = await wards.query<{ name: string }>(
        `select attname as name from pg_attribute where attrelid = '{schema}.${table}'::regclass and attnum > 0`,
      );
      expect(columns.map(({ name }) => name).sort()).toEqual([...wanted, 'bucket', 'n', 'patient_id'].sort());
    }
  });

  it('are those of all readings, whenever and however often they came, and whoever is found to have worn the device', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 3, maxLength: 14 }), async (steps) => {
        await startAnew();
        await wards.assign(monitor.deviceId, patients[0] ?? '', {
          wardId: ward,
          valid: `[${at(0).toISOString()}, ${at(50 * minute).toISOString()})`,
        });
        for (const step of steps) await take(step);
        await sumUp(hour);
        await expectExact();
      }),
      { numRuns: 12 },
    );
  }, 90_000);

  it('are those of a patient who gets readings of a device that nobody was known to wear', async () => {
    await startAnew();
    await store([{ ...nothing, at: 5 * minute, heartRate: 70 }], 0);
    await sumUp(hour);
    expect(await kept('vitals_1m')).toEqual([]);
    await wards.assign(monitor.deviceId, patients[1] ?? '', {
      wardId: ward,
      valid: `[${at(0).toISOString()}, ${at(hour).toISOString()})`,
    });
    await sumUp(hour);
    expect(await kept('vitals_1m')).toHaveLength(1);
    await expectExact();
  });
});

describe('readings committed after their minute was summed up', () => {
  const row = { ...nothing, at: 3 * minute, heartRate: 70 };
  const late = async (between: () => Promise<void>): Promise<void> => {
    await startAnew();
    await wards.assign(monitor.deviceId, patients[0] ?? '', { wardId: ward, valid: `[${at(0).toISOString()},)` });
    const writer = new pg.Client({ connectionString: process.env['DATABASE_DIRECT_URL'] });
    await writer.connect();
    await writer.query('begin');
    // Fresh when its flush began, so that it is not dirty.
    const { text, values } = flushOf(schemaOf(hospital.slug), [row], 0);
    await writer.query(text, values);
    await sumUp(10 * minute);
    expect(await kept('vitals_1m')).toEqual([]);
    await between();
    await writer.query('commit');
    await writer.end();
    await sumUp(10 * minute);
  };

  it('are found', async () => {
    await late(() => Promise.resolve());
    await expectExact();
    expect(await kept('vitals_1m')).toHaveLength(1);
  });

  it('control: are not, when everything that had begun by then is taken for seen', async () => {
    await late(async () => {
      await wards.query('update {schema}.vitals_rollup set flushes_seen = pg_snapshot_xmax(pg_current_snapshot())');
    });
    expect(await kept('vitals_1m')).toEqual([]);
  });
});

describe('several workers', () => {
  it('sum up every reading once, while more come', async () => {
    await startAnew();
    await wards.assign(monitor.deviceId, patients[0] ?? '', { wardId: ward, valid: `[${at(0).toISOString()},)` });
    const others = [1, 2].map(() => new VitalsRollupService(database, new VitalsRollupRepository()));
    let writing = true;
    const work = others.map(async (other) => {
      for (let until = 0; writing; until += minute) await other.catchUp(hospital, at(Math.min(until, hour)));
    });
    for (let i = 0; i < 120; i++) {
      const when = ((i * 7919) % 3_600) * 1_000;
      await store([{ ...nothing, at: when, heartRate: 60 + (i % 90) }], when - minute);
    }
    writing = false;
    await Promise.all(work);
    await sumUp(hour);
    await expectExact();
  }, 30_000);

  it('are not needed to finish what one of them left half done', async () => {
    await startAnew();
    await wards.assign(monitor.deviceId, patients[0] ?? '', { wardId: ward, valid: `[${at(0).toISOString()},)` });
    await store([{ at: 0, heartRate: 70, temperature: 37, onOxygen: true, acvpu: 'A' }], 0);
    class Dying extends VitalsRollupRepository {
      override cleanSome(): Promise<boolean> {
        return Promise.reject(new Error('killed'));
      }
    }
    const dying = new VitalsRollupService(database, new Dying());
    await expect(dying.catchUp(hospital, at(hour))).rejects.toThrow('killed');
    expect(await kept('vitals_1m')).toEqual([]);
    await sumUp(hour);
    await expectExact();
  });
});

describe('a backlog that does not fit the time of a transaction', () => {
  const inTime = async (tx: TenantTx, fits: boolean): Promise<void> => {
    if (fits) return;
    await tx.$executeRaw`set local statement_timeout = 1`;
    await tx.$queryRaw`select pg_sleep(10)::text`;
  };
  class Slow extends VitalsRollupRepository {
    constructor(private readonly fitting: number) {
      super();
    }
    override async advance(tx: TenantTx, from: Date, until: Date): Promise<void> {
      await inTime(tx, until.getTime() - from.getTime() <= this.fitting * minute);
      return super.advance(tx, from, until);
    }
    override async cleanSome(tx: TenantTx, portion: Portion): Promise<boolean> {
      await inTime(tx, portion.entries * portion.pieceMinutes <= 10 * this.fitting);
      return super.cleanSome(tx, portion);
    }
  }

  beforeEach(async () => {
    await startAnew();
    await wards.assign(monitor.deviceId, patients[0] ?? '', { wardId: ward, valid: `[${at(0).toISOString()},)` });
    for (const when of [0, 20 * minute]) await store([{ ...nothing, at: when, heartRate: 70 }], 0);
  });

  it('is done in pieces half as big, and half of that, until they fit', async () => {
    const slow = new VitalsRollupService(database, new Slow(3));
    await slow.catchUp(hospital, at(30 * minute));
    await store([{ ...nothing, at: 1, heartRate: 80 }], hour);
    await slow.catchUp(hospital, at(hour + 2 * minute));
    await expectExact();
    expect(await kept('vitals_1m')).toHaveLength(2);
  });

  it('fails when not even the smallest piece fits', async () => {
    const stuck = new VitalsRollupService(database, new Slow(0));
    await expect(stuck.catchUp(hospital, at(hour))).rejects.toThrow(/statement timeout/);
  });
});
