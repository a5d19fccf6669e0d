import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readingFlag, vitalSigns, type VitalValue } from '@hms/contracts';
import { HospitalDatabase, type Hospital } from '@hms/database';
import fc from 'fast-check';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import { resolutions, type Resolution } from './vitals-window.policy.js';
import { VitalsRollupRepository } from './vitals-rollup.repository.js';
import { VitalsRollupService } from './vitals-rollup.service.js';
import type {
  LatestVitalsDto,
  VitalsBucketDto,
  VitalsHistoryDto,
  VitalsReadingDto,
  WardVitalsDto,
} from './vitals.dto.js';

let api: TestApi;
let database: HospitalDatabase;
let hospital: Hospital;
let wards: TestWards;
let doctor: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  database = new HospitalDatabase({ url: process.env['DATABASE_URL'] ?? '', onError: () => undefined });
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  // What these tests store past ingest, nobody knows to sum up.
  await wards.query('update {schema}.vitals_rollup set rolled_until = $1', [new Date(begin)]);
  doctor = await api.signIn({ hospital, role: 'doctor' });
});

afterAll(async () => {
  await api.close();
  await database.close();
  await dropTestHospital(hospital);
});

const send = <T = { code: string; errors?: { field: string }[] }>(url: string, caller = doctor) =>
  api.send<T>({ method: 'GET', url: `/api/v1${url}` }, caller);
const history = (patientId: string, query: Record<string, string> = {}) =>
  send<VitalsHistoryDto>(`/patients/${patientId}/vitals?${new URLSearchParams(query).toString()}`);

/** A row of `vitals`; times in milliseconds after the beginning of the window. */
interface Reading {
  readonly at: number;
  readonly values: Readonly<Record<string, VitalValue | null>>;
}

const columns = vitalSigns.map(({ code, column, kind }) => ({ code, column, kind }));
/** Whole hours ago, so that it falls into partitions there are and buckets begin at it. */
const begin = Math.floor(Date.now() / 3_600_000 - 4) * 3_600_000;
const iso = (ms: number) => new Date(begin + ms).toISOString();

async function store(patientId: string, deviceNo: number, readings: readonly Reading[], flags = 0): Promise<void> {
  const rows = readings.map(({ at, values }) => ({
    at: iso(at),
    ...Object.fromEntries(columns.map(({ code, column }) => [column, values[code] ?? null])),
  }));
  const names = columns.map(({ column }) => column).join(', ');
  const types = { integer: 'smallint', decimal: 'real', boolean: 'boolean', acvpu: 'text' };
  await wards.query(
    `insert into {schema}.vitals (recorded_at, flush_no, patient_id, device_no, writer, flags, ${names})
     select at, 1, $1, $2, 1, $4, ${names.replace('acvpu', 'acvpu::"char"')}
       from jsonb_to_recordset($3::jsonb) as r(at timestamptz, ${columns.map((c) => `${c.column} ${types[c.kind]}`).join(', ')})`,
    [patientId, deviceNo, JSON.stringify(rows), flags],
  );
}

/** Sums up the first minutes of the window, and nothing else. */
async function sumUpBeforehand(minutes: number): Promise<void> {
  await wards.query('delete from {schema}.vitals_1m');
  await wards.query('delete from {schema}.vitals_15m');
  await wards.query('update {schema}.vitals_rollup set rolled_until = $1', [new Date(begin)]);
  await new VitalsRollupService(database, new VitalsRollupRepository()).catchUp(
    hospital,
    new Date(begin + (minutes + 2) * 60_000),
  );
}

const anyReading: fc.Arbitrary<Reading> = fc.record({
  at: fc.integer({ min: 0, max: 3 * 3_600_000 - 1 }),
  values: fc.record(
    {
      heartRate: fc.integer({ min: 0, max: 350 }),
      spo2: fc.integer({ min: 0, max: 100 }),
      systolic: fc.integer({ min: 20, max: 320 }),
      temperature: fc.integer({ min: 200, max: 460 }).map((tenths) => tenths / 10),
      onOxygen: fc.boolean(),
      acvpu: fc.constantFrom('A' as const, 'C' as const, 'V' as const, 'P' as const, 'U' as const),
    },
    { requiredKeys: [] },
  ),
});

/** The second, slow opinion. */
function summarised(readings: readonly Reading[], width: number): VitalsBucketDto[] {
  const buckets = new Map<number, Reading[]>();
  for (const reading of [...readings].sort((a, b) => a.at - b.at)) {
    const start = Math.floor(reading.at / width) * width;
    buckets.set(start, [...(buckets.get(start) ?? []), reading]);
  }
  return [...buckets].map(([start, inside]) => {
    const values: VitalsBucketDto['values'] = {};
    for (const { code } of columns) {
      const found = inside.map((r) => r.values[code]).filter((v) => v !== undefined && v !== null);
      const numbers = found.filter((v) => typeof v === 'number');
      const last = found.at(-1);
      const n = found.length;
      if (last === undefined) continue;
      const avg = numbers.reduce((sum, v) => sum + v, 0) / n;
      values[code] =
        numbers.length > 0 ? { min: Math.min(...numbers), avg, max: Math.max(...numbers), n } : { last, n };
    }
    return { from: iso(start), values };
  });
}

describe('the history of a patient', () => {
  it('sums up exactly what was recorded, at every resolution, however much of it is summed up beforehand', async () => {
    const { deviceNo } = await wards.device();
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(anyReading, { selector: ({ at }) => at, maxLength: 60 }),
        fc.constantFrom<Resolution[]>('1m', '5m', '15m', '1h'),
        fc.uniqueArray(fc.nat(3 * 3_600_000), { minLength: 2, maxLength: 2 }),
        fc.nat(180),
        async (readings, resolution, ends, minutesBeforehand) => {
          const patientId = await wards.patient();
          await store(patientId, deviceNo, readings);
          await sumUpBeforehand(minutesBeforehand);
          const [from = 0, to = 0] = [...ends].sort((a, b) => a - b);
          const { status, body } = await history(patientId, { from: iso(from), to: iso(to), resolution });
          expect(status).toBe(200);
          const got = body.items as VitalsBucketDto[];
          const inside = readings.filter(({ at }) => at >= from && at < to);
          const expected = summarised(inside, resolutions[resolution]);
          for (const [i, { from, values }] of expected.entries()) {
            expect(got[i]?.from).toBe(from);
            expect(Object.keys(got[i]?.values ?? {}).sort()).toEqual(Object.keys(values).sort());
            for (const [code, summary] of Object.entries(values)) {
              const shown: Record<string, unknown> = { ...got[i]?.values[code as 'spo2'] };
              for (const [part, value] of Object.entries(summary as object)) {
                if (part === 'avg') expect(Math.abs(Number(shown[part]) - Number(value))).toBeLessThan(0.006);
                else expect(shown[part]).toEqual(value);
              }
            }
          }
          expect(got).toHaveLength(expected.length);
        },
      ),
      { numRuns: 12 },
    );
  }, 60_000);

  it('gives every raw reading once, newest first, in pages', async () => {
    const patientId = await wards.patient();
    const [one, two] = [await wards.device(), await wards.device()];
    const readings = Array.from({ length: 40 }, (_, i) => ({ at: i * 1_000, values: { heartRate: 60 + i } }));
    await store(patientId, one.deviceNo, readings);
    await store(patientId, two.deviceNo, readings);
    const seen: VitalsReadingDto[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: VitalsHistoryDto = (
        await history(patientId, {
          from: iso(0),
          to: iso(39_000),
          resolution: 'raw',
          limit: '7',
          ...(cursor && { cursor }),
        })
      ).body;
      seen.push(...(page.items as VitalsReadingDto[]));
      cursor = page.nextCursor;
    }
    const times = seen.map(({ recordedAt }) => recordedAt);
    expect(times).toEqual([...times].sort().reverse());
    expect(new Set(seen.map(({ recordedAt, device }) => `${recordedAt} ${device}`)).size).toBe(78);
    expect(seen.every(({ values }, i) => values.heartRate === 60 + 38 - Math.floor(i / 2))).toBe(true);
  });

  it('shows values with their codes, and what deserves a second look', async () => {
    const { deviceNo, externalId } = await wards.device();
    const patientId = await wards.patient();
    const values = { heartRate: 72, spo2: 45, temperature: 36.8, onOxygen: false, acvpu: 'C' as const };
    await store(patientId, deviceNo, [{ at: 5, values }], readingFlag.spo2Low | readingFlag.skew);
    const { body } = await history(patientId, { from: iso(0), to: iso(900_000) });
    expect(body).toMatchObject({ patientId, from: iso(0), to: iso(900_000), resolution: 'raw', nextCursor: null });
    expect(body.items).toEqual([{ recordedAt: iso(5), device: externalId, values, flags: ['skew', 'spo2Low'] }]);
  });

  it('is of the last 24 hours in steps of 5 minutes when nothing is said', async () => {
    const { body } = await history(await wards.patient());
    expect(body).toMatchObject({ resolution: '5m', items: [], nextCursor: null });
    expect(Date.parse(body.to) - Date.parse(body.from)).toBe(24 * 3_600_000);
  });

  it.each([
    ['from', { from: '2026-01-01T00:00:00' }],
    ['from', { from: iso(0), to: iso(0) }],
    ['resolution', { resolution: '2m' }],
    ['resolution', { from: iso(-3 * 24 * 3_600_000), resolution: '1m' }],
    ['limit', { limit: '1001' }],
    ['cursor', { resolution: 'raw', cursor: 'x' }],
  ])('refuses %s of %j', async (field, query) => {
    const { status, body } = await history(await wards.patient(), query);
    expect(status).toBe(422);
    expect(body).toMatchObject({ errors: expect.arrayContaining([expect.objectContaining({ field })]) as unknown });
  });
});

describe('the latest values', () => {
  it('of a patient each have their own time and age', async () => {
    const patientId = await wards.patient();
    await wards.latest(patientId, { heartRate: 72, onOxygen: 1 });
    await wards.latest(patientId, { temperature: 36.8 }, new Date(Date.now() - 600_000));
    const { body } = await send<LatestVitalsDto>(`/patients/${patientId}/vitals/latest`);
    expect(body.values).toMatchObject([
      { code: 'heartRate', value: 72, unit: '/min', loinc: '8867-4' },
      { code: 'temperature', value: 36.8, unit: 'Cel', loinc: '8310-5' },
      { code: 'onOxygen', value: true, unit: null },
    ]);
    expect(body.values[1]?.ageSeconds).toBeGreaterThanOrEqual(600);
    expect(body.values[0]?.ageSeconds).toBeLessThan(60);
  });

  it('of a ward are those of everybody with a device there now, by bed and name', async () => {
    const ward = await wards.ward();
    const bed = await wards.bed(ward, '1');
    const [anna, berta] = [await wards.monitored(ward, 'Anna'), await wards.monitored(ward, 'Berta')];
    const clara = await wards.patient('Clara');
    await wards.assign((await wards.device()).deviceId, clara, { wardId: ward, bedId: bed });
    await wards.latest(anna.patientId, { heartRate: 72, spo2: 97 });
    await wards.latest(clara, { heartRate: 99 });
    const elsewhere = await wards.monitored(await wards.ward());
    await wards.latest(elsewhere.patientId, { heartRate: 1 });
    const { body } = await send<WardVitalsDto>(`/wards/${ward}/vitals/latest`);
    expect(body.items.map(({ patientId, bedLabel, values }) => [patientId, bedLabel, values.length])).toEqual([
      [clara, '1', 1],
      [anna.patientId, null, 2],
      [berta.patientId, null, 0],
    ]);
    expect(body.items[1]).toMatchObject({ name: 'Test Anna', values: [{ code: 'heartRate' }, { code: 'spo2' }] });
  });
});

describe('a patient nobody may know about', () => {
  it.each(['/vitals', '/vitals/latest', '/devices'])('has no %s', async (path) => {
    const patientId = await wards.patient();
    expect((await send(`/patients/${patientId}${path}`)).status).toBe(200);
    await wards.query(`update {schema}.patient set deleted_at = now(), deleted_reason = 'test' where id = $1`, [
      patientId,
    ]);
    expect(await send(`/patients/${patientId}${path}`)).toMatchObject({
      status: 404,
      body: { code: 'patient.not-found' },
    });
  });

  it('is, to a nurse of one ward, a patient never seen there', async () => {
    const [mine, other] = [await wards.ward(), await wards.ward()];
    const nurse = await api.signIn({ hospital, role: 'nurse', wardIds: [mine] });
    const [here, there] = [await wards.monitored(mine), await wards.monitored(other)];
    expect((await send(`/patients/${here.patientId}/vitals`, nurse)).status).toBe(200);
    expect((await send(`/patients/${there.patientId}/vitals`, nurse)).body.code).toBe('patient.not-found');
    expect((await send(`/patients/${there.patientId}/vitals/latest`, nurse)).body.code).toBe('patient.not-found');
  });
});
