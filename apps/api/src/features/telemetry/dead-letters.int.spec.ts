import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards, type Monitor } from '../../testing/test-ward.js';
import { until } from '../../testing/until.js';
import type { DeadLetterDto, DeadLetterPageDto } from './dead-letters.dto.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let admin: TestCaller;
let gateway: string;
let ward: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  [gateway, ward] = [await wards.gateway(), await wards.ward()];
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const recorded = new Date(Math.floor(Date.now() / 1_000) * 1_000 - 600_000);

async function letter(
  device: string,
  reading: object = { heart_rate: 72, flags: 4 },
  reason = '23514',
): Promise<string> {
  const id = uuidv7();
  await wards.query(
    `insert into {schema}.telemetry_dead_letter (id, gateway_id, device, recorded_at, reason, reading)
     values ($1, $2, $3, $4, $5, $6)`,
    [id, gateway, device, recorded, reason, JSON.stringify(reading)],
  );
  return id;
}

const list = async (query: Record<string, string>): Promise<DeadLetterPageDto> => {
  const url = `/api/v1/telemetry/dead-letters?${new URLSearchParams(query).toString()}`;
  return (await api.send<DeadLetterPageDto>({ method: 'GET', url }, admin)).body;
};
const post = <T = DeadLetterDto>(id: string, action: string, payload?: object) =>
  api.send<T>(
    { method: 'POST', url: `/api/v1/telemetry/dead-letters/${id}/${action}`, ...(payload && { payload }) },
    admin,
  );
const refused = async (id: string, action: string, payload?: object) => {
  const { status, body } = await post<{ code: string; reason?: string }>(id, action, payload);
  return [status, body.code, body.reason];
};
const stored = (table: string, { deviceNo }: Monitor) =>
  wards.query(`select patient_id, heart_rate, spo2, acvpu, flags from {schema}.${table} where device_no = $1`, [
    deviceNo,
  ]);

describe('a reading the database refused', () => {
  it('is listed with its values, newest first and in pages', async () => {
    const device = await wards.device(gateway);
    const ids: string[] = [];
    for (let heartRate = 60; heartRate < 65; heartRate++) {
      ids.unshift(await letter(device.externalId, { heart_rate: heartRate, acvpu: 'V', on_oxygen: false }));
    }
    const seen: DeadLetterDto[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await list({ device: device.externalId, gatewayId: gateway, limit: '2', ...(cursor && { cursor }) });
      seen.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(seen.map(({ id }) => id)).toEqual(ids);
    expect(seen[0]).toMatchObject({
      device: device.externalId,
      gatewayId: gateway,
      recordedAt: recorded.toISOString(),
      sqlState: '23514',
      code: null,
      message: null,
      values: { heartRate: 64, acvpu: 'V', onOxygen: false },
      state: 'open',
    });
    expect((await list({ device: device.externalId, state: 'discarded' })).items).toEqual([]);
  });

  it('is stored for whoever wore the device then, once, and summed up and shown', async () => {
    const monitor = await wards.monitored(ward);
    await wards.query('update {schema}.device set gateway_id = $1 where id = $2', [gateway, monitor.deviceId]);
    const id = await letter(monitor.externalId, { heart_rate: 72, acvpu: 'V', flags: 4 });
    expect((await post(id, 'replay')).body).toMatchObject({ state: 'replayed', decidedBy: admin.id });
    const row = { patient_id: monitor.patientId, heart_rate: 72, spo2: null, acvpu: 'V', flags: 4 };
    expect(await stored('vitals', monitor)).toEqual([row]);
    const dirty = await wards.query('select since from {schema}.vitals_dirty where patient_id = $1', [
      monitor.patientId,
    ]);
    expect(dirty).toContainEqual({ since: recorded });
    const latest = await wards.query<{ code: string }>(
      'select code from {schema}.vitals_latest where patient_id = $1',
      [monitor.patientId],
    );
    expect(latest.map(({ code }) => code).sort()).toEqual(['acvpu', 'heartRate']);
    expect(await refused(id, 'replay')).toEqual([409, 'dead-letter.decided', undefined]);
    expect(await refused(id, 'discard', { reason: 'too late' })).toEqual([409, 'dead-letter.decided', undefined]);
    // What is there already takes what a second one adds.
    await post(await letter(monitor.externalId, { spo2: 97 }), 'replay');
    expect(await stored('vitals', monitor)).toEqual([{ ...row, spo2: 97 }]);
  });

  it.each([
    ['with its waveforms', { heart_rate: 72 }, 1],
    ['as waveforms alone when it has no vital sign, which is no row of vitals', {}, 0],
  ])('is stored %s', async (_, reading, rows) => {
    const device = await wards.device(gateway);
    const id = await letter(device.externalId, { ...reading, flags: 0 });
    const waveforms = ['II', 'V1'].map((lead) => ({ lead, hz: 250, scale: 0.005, origin: -1, samples: 'AQACAA==' }));
    await wards.query('update {schema}.telemetry_dead_letter set waveforms = $2 where id = $1', [
      id,
      JSON.stringify(waveforms),
    ]);
    expect((await list({ device: device.externalId })).items).toMatchObject([{ leads: ['II', 'V1'] }]);
    expect((await post(id, 'replay')).status).toBe(200);
    expect(await stored('vitals_unassigned', device)).toHaveLength(rows);
    const chunks = `select lead, hz, scale, origin, started_at, encode(samples, 'base64') as samples
                      from {schema}.waveform where device_no = $1 order by lead`;
    expect(await wards.query(chunks, [device.deviceNo])).toEqual(
      waveforms.map((waveform) => ({ ...waveform, started_at: recorded })),
    );
  });

  it('is kept for nobody when nobody wore the device then', async () => {
    const device = await wards.device(gateway);
    expect((await post(await letter(device.externalId), 'replay')).status).toBe(200);
    expect(await stored('vitals_unassigned', device)).toMatchObject([{ patient_id: null, heart_rate: 72 }]);
  });

  it('waits for an assignment that is being made, and goes to that patient', async () => {
    const [device, patientId] = [await wards.device(gateway), await wards.patient()];
    const id = await letter(device.externalId);
    const replayed = await asOwner(async (owner) => {
      await owner.query('begin');
      await owner.query(
        `insert into ${schemaOf(hospital.slug)}.device_assignment (id, device_id, patient_id, ward_id, valid, created_by)
         values ($1, $2, $3, $4, tstzrange(now() - interval '1 day', null), $1)`,
        [uuidv7(), device.deviceId, patientId, ward],
      );
      const replay = post(id, 'replay');
      await until(async () => {
        const blocked = 'select from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))';
        return (await owner.query(blocked)).rowCount === 1;
      });
      await owner.query('commit');
      return replay;
    });
    expect(replayed.status).toBe(200);
    expect(await stored('vitals', device)).toMatchObject([{ patient_id: patientId }]);
  });

  it('is never stored for another patient than the one its sender named', async () => {
    const monitor = await wards.monitored(ward);
    await wards.query('update {schema}.device set gateway_id = $1 where id = $2', [gateway, monitor.deviceId]);
    const named = async (id: string): Promise<string> => {
      const letterId = await letter(monitor.externalId, { heart_rate: 72, flags: 32 }, 'wrong_patient');
      const stated = JSON.stringify({ ids: [id], mrns: [] });
      await wards.query('update {schema}.telemetry_dead_letter set stated = $2 where id = $1', [letterId, stated]);
      return letterId;
    };
    const wrong = await named(uuidv7());
    expect(await refused(wrong, 'replay')).toEqual([409, 'dead-letter.wrong-patient', undefined]);
    expect(await stored('vitals', monitor)).toEqual([]);
    expect((await list({ device: monitor.externalId })).items).toMatchObject([
      { code: 'wrong_patient', sqlState: null },
    ]);
    await post(wrong, 'discard', { reason: 'another patient' });
    expect((await post(await named(monitor.patientId), 'replay')).status).toBe(200);
    expect(await stored('vitals', monitor)).toMatchObject([{ patient_id: monitor.patientId, heart_rate: 72 }]);
  });

  it('is still held against the patient its sender named when it is of nobody yet', async () => {
    const device = await wards.device(gateway);
    const id = await letter(device.externalId);
    const stated = { ids: [uuidv7()], mrns: [] };
    await wards.query('update {schema}.telemetry_dead_letter set stated = $2 where id = $1', [
      id,
      JSON.stringify(stated),
    ]);
    expect((await post(id, 'replay')).status).toBe(200);
    const kept = 'select stated from {schema}.vitals_stated_patient where device_no = $1';
    expect(await wards.query(kept, [device.deviceNo])).toEqual([{ stated }]);
  });

  it('that could not be read is shown as it came, and can only be given up', async () => {
    const device = await wards.device(gateway);
    const id = await letter(device.externalId, {}, 'request.malformed');
    await wards.query(`update {schema}.telemetry_dead_letter set message = '{"hr":' where id = $1`, [id]);
    expect((await list({ device: device.externalId })).items).toMatchObject([
      { code: 'request.malformed', message: '{"hr":', values: {} },
    ]);
    expect(await refused(id, 'replay')).toEqual([409, 'dead-letter.unreadable', undefined]);
  });

  it('stays open when it is refused again, and says why', async () => {
    const device = await wards.device(gateway);
    const id = await letter(device.externalId, { heart_rate: 70_000 });
    expect(await refused(id, 'replay')).toEqual([409, 'dead-letter.still-refused', '22003']);
    const unknown = await letter('nobody-knows');
    expect(await refused(unknown, 'replay')).toEqual([409, 'dead-letter.unknown-device', undefined]);
    expect((await list({ device: device.externalId })).items).toMatchObject([{ id, state: 'open' }]);
  });

  it('can be given up, for a reason', async () => {
    const device = await wards.device(gateway);
    const id = await letter(device.externalId);
    expect((await post(id, 'discard', {})).status).toBe(422);
    const { body } = await post(id, 'discard', { reason: 'A test of the monitor' });
    expect(body).toMatchObject({ state: 'discarded', discardReason: 'A test of the monitor', decidedBy: admin.id });
    expect(await stored('vitals_unassigned', device)).toEqual([]);
  });
});
