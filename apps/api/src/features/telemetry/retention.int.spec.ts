import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import type { RetentionDto } from './retention.dto.js';

const url = '/api/v1/telemetry/retention';
let api: TestApi;
let hospital: Hospital;
let admin: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const patch = (version: number, payload: object) =>
  api.send<RetentionDto & { code: string }>(
    { method: 'PATCH', url, payload, headers: { 'if-match': `"${version}"` } },
    admin,
  );

it('what a change does not name stays; somebody who saw an older version, or keeps sums shorter, is refused', async () => {
  const { body: before } = await api.send<RetentionDto>({ method: 'GET', url }, admin);
  const { status, body: after } = await patch(before.version, { rawDays: 60 });
  const { version } = after;
  expect([status, after]).toEqual([200, { ...before, rawDays: 60, version, updatedAt: after.updatedAt }]);
  expect((await patch(version, {})).status).toBe(200);
  expect((await patch(version + 1, { waveformDays: 30 })).body).toMatchObject({ rawDays: 60, waveformDays: 30 });
  expect((await patch(before.version, { rawDays: 50 })).body.code).toBe('precondition.failed');
  expect((await patch(version + 2, { rawDays: 3_000 })).body.code).toBe('request.invalid');
});
