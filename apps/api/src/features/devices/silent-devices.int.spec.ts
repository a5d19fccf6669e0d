import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Hospital, HospitalDatabase } from '@hms/database';
import { Registry } from '@hms/service-kit';
import { uuidv7 } from 'uuidv7';
import { Outbox } from '../../platform/events/outbox.service.js';
import { EachHospital } from '../../platform/tenancy/each-hospital.service.js';
import { runEverywhere } from '../../testing/run-everywhere.js';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import type { DeviceDto, DevicePageDto } from './devices.dto.js';
import { SilentDevicesJob } from './silent-devices.job.js';
import { SilentDevicesRepository } from './silent-devices.repository.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let admin: TestCaller;
let job: SilentDevicesJob;
let registry: Registry;
let wardId: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
  const { nest } = api.application;
  registry = new Registry();
  job = new SilentDevicesJob(
    nest.get(HospitalDatabase, { strict: false }),
    new SilentDevicesRepository(),
    nest.get(Outbox, { strict: false }),
    nest.get(EachHospital, { strict: false }),
    registry,
  );
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

beforeEach(async () => {
  wardId = await wards.ward();
});

/** A device that has been worn for an hour, and was heard of so many seconds ago, if ever. */
async function worn(heardSecondsAgo?: number, over: { status?: string; assignedSecondsAgo?: number } = {}) {
  const { status = 'active', assignedSecondsAgo = 3_600 } = over;
  const id = uuidv7();
  const [device] = await wards.query<{ no: number }>(
    `insert into {schema}.device (id, external_id, gateway_id, kind, status, created_by, updated_by, updated_at)
     values ($1, $2, $3, 'bedside-monitor', $4, $1, $1, now() - interval '1 day') returning device_no as no`,
    [id, `mon-${id.slice(-12)}`, await wards.gateway(), status],
  );
  const patientId = await wards.patient();
  await wards.query(
    `insert into {schema}.device_assignment (id, device_id, patient_id, ward_id, valid, created_by, created_at)
     values ($1, $2, $3, $4, tstzrange(now() - interval '1 hour', null), $1, now() - $5 * interval '1 second')`,
    [uuidv7(), id, patientId, wardId, assignedSecondsAgo],
  );
  const no = device?.no ?? 0;
  if (heardSecondsAgo !== undefined) await heard(no, heardSecondsAgo);
  return { id, no, patientId };
}

const heard = (no: number, secondsAgo: number, rejected = 0): Promise<unknown> =>
  wards.query(
    `insert into {schema}.device_health (device_no, last_seen_at, counted_on, accepted, rejected, clock_offset_ms, last_reject_code)
     values ($1, now() - $2 * interval '1 second', (now() at time zone 'UTC')::date, 3, $3, -1500, 'out_of_range')
     on conflict (device_no) do update set last_seen_at = excluded.last_seen_at`,
    [no, secondsAgo, rejected],
  );
const alarmsOf = (deviceId: string): Promise<{ id: string; state: string; kind: string }[]> =>
  wards.query(`select id, state, kind from {schema}.alarm where device_id = $1 order by started_at`, [deviceId]);
const eventsOf = async (deviceId: string): Promise<string[]> => {
  const rows = await wards.query<{ kind: string }>(
    `select e.kind from {schema}.alarm_event e join {schema}.alarm a on a.id = e.alarm_id where a.device_id = $1
        and e.kind in ('raised', 'resolved') order by e.id`,
    [deviceId],
  );
  return rows.map(({ kind }) => kind);
};
const look = (): Promise<void> => runEverywhere(job);
const get = <T>(url: string) => api.send<T>({ method: 'GET', url: `/api/v1/devices${url}` }, admin);

describe('a device in use that falls silent', () => {
  it('raises one technical alarm, however often and by whomever it is looked for, and is counted', async () => {
    const device = await worn(130);
    await Promise.all([look(), look()]);
    expect(await alarmsOf(device.id)).toMatchObject([{ kind: 'technical' }]);
    expect(await eventsOf(device.id)).toEqual(['raised']);
    const published = await wards.query(
      `select type from public.outbox_event where type = 'alarm.raised' and payload ->> 'id' = $1`,
      [(await alarmsOf(device.id))[0]?.id],
    );
    expect(published).toHaveLength(1);
    expect(await registry.metrics()).toMatch(
      new RegExp(`device_silent\\{hospital="${hospital.slug}",ward="[^"]+"\\} 1`),
    );
  });

  it('ends the alarm when it is heard of again, also of late readings, and raises another the next time', async () => {
    const device = await worn(130);
    await look();
    await heard(device.no, 1);
    await look();
    expect(await alarmsOf(device.id)).toMatchObject([{ state: 'resolved' }]);
    await heard(device.no, 125);
    await look();
    expect(await alarmsOf(device.id)).toHaveLength(2);
    expect(await eventsOf(device.id)).toEqual(['raised', 'resolved', 'raised']);
  });

  it('ends the alarm when nobody has it on any more', async () => {
    const device = await worn(130);
    await look();
    await wards.query(
      `update {schema}.device_assignment set valid = tstzrange(lower(valid), now() - interval '1 second'), ended_by = $2
        where device_id = $1`,
      [device.id, device.id],
    );
    await look();
    expect(await alarmsOf(device.id)).toMatchObject([{ state: 'resolved' }]);
  });

  it('is not raised again when somebody ended it by hand', async () => {
    const device = await worn(130);
    await look();
    await wards.query(`update {schema}.alarm set state = 'resolved', ended_at = now() where device_id = $1`, [
      device.id,
    ]);
    await look();
    expect(await alarmsOf(device.id)).toHaveLength(1);
  });
});

describe('no alarm is raised', () => {
  it.each([
    ['for one that is heard of', 100, {}],
    ['right after it was put on', undefined, { assignedSecondsAgo: 100 }],
    ['for one that is disabled', 1_000, { status: 'disabled' }],
  ])('%s', async (_, heardSecondsAgo, over) => {
    const device = await worn(heardSecondsAgo, over);
    await look();
    expect(await alarmsOf(device.id)).toEqual([]);
  });

  it('for one that may be silent for longer', async () => {
    const device = await worn(100);
    const change = { method: 'PATCH', url: `/api/v1/devices/${device.id}`, headers: { 'if-match': '"1"' } } as const;
    const { body } = await api.send<DeviceDto>({ ...change, payload: { silentAfterSeconds: 600 } }, admin);
    expect(body).toMatchObject({ silentAfterSeconds: 600, silent: false });
    await heard(device.no, 130);
    await look();
    expect(await alarmsOf(device.id)).toEqual([]);
  });
});

describe('the list of devices', () => {
  it('says how each fares', async () => {
    const device = await worn(undefined);
    await heard(device.no, 130, 1);
    const { body } = await get<DeviceDto>(`/${device.id}`);
    expect(body).toMatchObject({
      silent: true,
      clockOffsetMs: -1500,
      rejectRate: 0.25,
      lastRejectCode: 'out_of_range',
    });
    expect(Date.now() - Date.parse(body.lastSeenAt ?? '')).toBeGreaterThan(129_000);
  });

  it('shows the silent ones alone, and those never heard of first', async () => {
    const [never, long, recent] = [await worn(), await worn(500), await worn(10)];
    const ids = async (query: string): Promise<string[]> => {
      const { body } = await get<DevicePageDto>(`?wardId=${wardId}&${query}`);
      return body.items.map(({ id }) => id);
    };
    expect(await ids('silent=true&sort=lastSeen')).toEqual([never.id, long.id]);
    expect(await ids('silent=false')).toEqual([recent.id]);
    const first = await get<DevicePageDto>(`?wardId=${wardId}&sort=lastSeen&limit=1`);
    expect(await ids(`sort=lastSeen&cursor=${first.body.nextCursor ?? ''}`)).toEqual([long.id, recent.id]);
  });
});
