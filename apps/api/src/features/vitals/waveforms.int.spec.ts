import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import type { WaveformsDto } from './waveforms.dto.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let doctor: TestCaller;
let wardId: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  wardId = await wards.ward();
  doctor = await api.signIn({ hospital, role: 'doctor' });
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const begin = Date.now() - 60_000;
const iso = (ms: number): string => new Date(begin + ms).toISOString();
const read = (patientId: string, query: Record<string, string>) =>
  api.send<WaveformsDto & { code: string }>(
    { method: 'GET', url: `/api/v1/patients/${patientId}/waveforms?${new URLSearchParams(query).toString()}` },
    doctor,
  );

/** A second of the lead, from so many milliseconds on. */
const record = (deviceNo: number, lead: string, at: number) =>
  wards.query(
    `insert into {schema}.waveform (device_no, lead, started_at, hz, scale, origin, samples)
     values ($1, $2, $3, 2, 0.5, -1, '\\x01000200')`,
    [deviceNo, lead, iso(at)],
  );

it('a window has what reaches into it, by device and lead, and nothing before or behind it', async () => {
  const { patientId, deviceNo } = await wards.monitored(wardId);
  for (const at of [0, 1_000, 2_000, 3_000]) await record(deviceNo, 'II', at);
  await record(deviceNo, 'pleth', 2_000);
  const { status, body } = await read(patientId, { from: iso(1_500), to: iso(3_000) });
  expect(status).toBe(200);
  expect(body.items).toMatchObject([
    { lead: 'II', display: 'ECG lead II', unit: 'mV', chunks: [{ startedAt: iso(1_000) }, { startedAt: iso(2_000) }] },
    { lead: 'pleth', unit: '1', chunks: [{ hz: 2, scale: 0.5, origin: -1, samples: 'AQACAA==' }] },
  ]);
  expect((await read(patientId, { from: iso(0), to: iso(9_000), lead: 'pleth' })).body.items).toHaveLength(1);
});

it('a waveform is of whoever wore the device all the time it lasts, also once that is corrected', async () => {
  const before = await wards.patient();
  const after = await wards.patient();
  const { deviceId, deviceNo } = await wards.device();
  const worn = await wards.assign(deviceId, before, { wardId, valid: `[${iso(-60_000)},${iso(1_500)})` });
  await wards.assign(deviceId, after, { wardId, valid: `[${iso(1_500)},)` });
  for (const at of [0, 1_000, 2_000]) await record(deviceNo, 'II', at);
  const starts = async (patientId: string) =>
    (await read(patientId, { from: iso(0), to: iso(9_000) })).body.items.flatMap(({ chunks }) =>
      chunks.map(({ startedAt }) => startedAt),
    );
  expect([await starts(before), await starts(after)]).toEqual([[iso(0)], [iso(2_000)]]);
  await wards.query('update {schema}.device_assignment set valid = tstzrange(lower(valid), $2) where id = $1', [
    worn,
    iso(500),
  ]);
  expect(await starts(before)).toEqual([]);
});

it.each([
  ['ends before it begins', { from: iso(2_000), to: iso(1_000) }],
  ['is longer than a minute', { from: iso(0), to: iso(60_001) }],
  ['is of a lead there is none of', { lead: 'V9' }],
])('a window that %s is refused', async (_, query) => {
  const { patientId } = await wards.monitored(wardId);
  expect(await read(patientId, query)).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
});
