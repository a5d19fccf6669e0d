import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HospitalDatabase, hospitalRef, schemaOf, type Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { TestApi, type TestCaller } from '../../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../../testing/test-hospital.js';
import { TestWards } from '../../../testing/test-ward.js';
import { untilBlocking } from '../../../testing/while-held.js';
import type { BroadcastDto, BroadcastPageDto } from '../broadcasts/broadcasts.dto.js';
import type { ChannelSender } from '../delivery/channel-sender.js';
import type { NotificationSettingsDto } from '../settings/settings.dto.js';
import { doctorWithDevice } from '../testing/recipients.js';
import { NotificationRetentionJob } from './notification-retention.job.js';
import { hasExpired, NotificationUpkeepRepository } from './notification-upkeep.repository.js';
import { UnservedChannelsJob } from './unserved-channels.job.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let admin: TestCaller;
let database: HospitalDatabase;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
  database = api.application.nest.get(HospitalDatabase, { strict: false });
});
beforeEach(async () => {
  for (const table of ['notification_delivery', 'notification', 'notification_broadcast'])
    await wards.query(`delete from {schema}.${table}`);
});
afterAll(async () => {
  await dropTestHospital(hospital);
  await api.close();
});

const upkeep = () => new NotificationUpkeepRepository(database);
const retention = () => new NotificationRetentionJob(database, undefined as never, upkeep());

interface Written {
  readonly daysAgo?: number;
  readonly channel?: string;
  readonly status?: 'sent' | 'queued' | 'failed';
  readonly broadcastId?: string;
  readonly expiredMinutesAgo?: number;
}

/** A delivery of a notification of its own, written some days ago. */
async function delivery(of: Written = {}): Promise<string> {
  const { daysAgo = 0, channel = 'sms', status = 'sent', broadcastId = null, expiredMinutesAgo = -60 } = of;
  const id = uuidv7();
  await wards.query(
    `insert into {schema}.notification (id, dedupe_key, code, params, user_id, broadcast_id, priority, expires_at)
     values ($1::uuid, $1::text, 'message', '{}', $1, $2, 'normal', now() - $3 * interval '1 minute')`,
    [id, broadcastId, expiredMinutesAgo],
  );
  await wards.query(
    `insert into {schema}.notification_delivery (id, notification_id, channel, urgent, status, due_at, finished_at, created_at)
     values ($1, $1, $2, false, $3, case when $3 = 'queued' then now() end, case when $3 <> 'queued' then now() end,
             now() - $4 * interval '1 day')`,
    [id, channel, status, daysAgo],
  );
  return id;
}
const left = async (): Promise<string[]> =>
  (await wards.query<{ id: string }>('select id from {schema}.notification_delivery order by id')).map(({ id }) => id);

describe('the log of deliveries', () => {
  it('is kept as long as the hospital says, and longer where something still waits', async () => {
    const settings = (
      await api.send<NotificationSettingsDto>({ method: 'GET', url: '/api/v1/admin/notifications/settings' }, admin)
    ).body;
    expect(settings.retentionDays).toBe(365);
    const [old, waiting, young] = [
      await delivery({ daysAgo: 91 }),
      await delivery({ daysAgo: 91, status: 'queued' }),
      await delivery({ daysAgo: 89 }),
    ];
    await retention().forget(hospitalRef(hospital));
    expect(await left()).toEqual([old, waiting, young]);
    const { version, ...values } = settings;
    const set = (retentionDays: number, read: number) =>
      api.send<NotificationSettingsDto>(
        {
          method: 'PUT',
          url: '/api/v1/admin/notifications/settings',
          headers: { 'if-match': `"${String(read)}"` },
          payload: { ...values, retentionDays },
        },
        admin,
      );
    expect((await set(29, version)).status).toBe(422);
    expect((await set(90, version)).body.retentionDays).toBe(90);
    await retention().forget(hospitalRef(hospital));
    expect(await left()).toEqual([waiting, young]);
  });

  it('leaves counted with a broadcast what it forgets of it', async () => {
    const broadcastId = uuidv7();
    await wards.query(
      `insert into {schema}.notification_broadcast (id, target, title, body, status, finished_at, created_by)
       values ($1, 'all', 'Water', 'Off until noon', 'completed', now(), $1)`,
      [broadcastId],
    );
    for (const daysAgo of [2_000, 2_000, 1]) await delivery({ daysAgo, broadcastId });
    await delivery({ daysAgo: 2_000, broadcastId, status: 'failed' });
    await delivery({ daysAgo: 2_000, broadcastId, channel: 'in-app' });
    const counts = async (): Promise<BroadcastDto['deliveries'] | undefined> =>
      (await api.send<BroadcastPageDto>({ method: 'GET', url: '/api/v1/admin/notifications/broadcasts' }, admin)).body
        .items[0]?.deliveries;
    const before = await counts();
    expect(before).toMatchObject({ sent: 3, failed: 1 });
    await retention().forget(hospitalRef(hospital));
    expect(await left()).toHaveLength(1);
    expect(await counts()).toEqual(before);
    await wards.query(`update {schema}.notification_delivery set created_at = now() - interval '2000 days'`);
    await retention().forget(hospitalRef(hospital));
    expect(await counts()).toEqual(before);
  });
});

describe('deliveries of a broadcast that somebody is changing', () => {
  it('are counted with it once that is done', async () => {
    const broadcastId = uuidv7();
    await wards.query(
      `insert into {schema}.notification_broadcast (id, target, title, body, status, finished_at, created_by)
       values ($1, 'all', 'Water', 'Off until noon', 'completed', now(), $1)`,
      [broadcastId],
    );
    await delivery({ daysAgo: 2_000, broadcastId });
    const broadcast = `${schemaOf(hospital.slug)}.notification_broadcast`;
    await asOwner(async (owner) => {
      await owner.query('begin');
      await owner.query(`update ${broadcast} set forgotten = '{"sent": 1, "failed": 2}' where id = $1`, [broadcastId]);
      const forgotten = retention().forget(hospitalRef(hospital));
      await untilBlocking(owner);
      await owner.query('commit');
      await forgotten;
    });
    expect(await left()).toEqual([]);
    const [row] = await wards.query<{ forgotten: object }>('select forgotten from {schema}.notification_broadcast');
    expect(row?.forgotten).toEqual({ sent: 2, failed: 2 });
  });
});

describe('a token that reaches nobody', () => {
  it('is removed a month after', async () => {
    const [gone, lately, used] = [
      await doctorWithDevice(api, hospital),
      await doctorWithDevice(api, hospital),
      await doctorWithDevice(api, hospital),
    ];
    const deactivate = (token: string, days: number) =>
      asOwner((o) =>
        o.query(
          `update public.push_token set deactivated_at = now() - $2 * interval '1 day', deactivated_reason = 'unregistered'
            where token = $1`,
          [token, days],
        ),
      );
    await deactivate(gone.token, 31);
    await deactivate(lately.token, 29);
    await retention().forgetTokens(new Date());
    const { rows } = await asOwner((o) =>
      o.query<{ token: string }>('select token from public.push_token where token = any ($1)', [
        [gone.token, lately.token, used.token],
      ]),
    );
    expect(rows.map(({ token }) => token).sort()).toEqual([lately.token, used.token].sort());
  });
});

describe('what waits for a channel without a provider', () => {
  it('ends as expired, with the reason, some minutes after it counts no more', async () => {
    const email = { channel: 'email' } as ChannelSender;
    const job = new UnservedChannelsJob(database, undefined as never, upkeep(), [email]);
    const over = await delivery({ status: 'queued', expiredMinutesAgo: 6 });
    const justOver = await delivery({ status: 'queued', expiredMinutesAgo: 1 });
    const counts = await delivery({ status: 'queued', channel: 'push' });
    const served = await delivery({ status: 'queued', channel: 'email', expiredMinutesAgo: 6 });
    const waits = () => database.hospitalsWhere([hospitalRef(hospital)], hasExpired(['sms', 'push'], 5 * 60_000));
    expect(await waits()).toHaveLength(1);
    await job.expire(hospitalRef(hospital), new Date());
    expect(await waits()).toEqual([]);
    const rows = await wards.query<{ id: string; status: string; error: string | null }>(
      `select id, status, error from {schema}.notification_delivery where id <> $1 order by id`,
      [served],
    );
    expect(rows.map(({ id, status, error }) => [id, status, error])).toEqual([
      [over, 'expired', 'provider.not-configured'],
      [justOver, 'queued', null],
      [counts, 'queued', null],
    ]);
    const [mail] = await wards.query<{ error: string | null }>(
      'select error from {schema}.notification_delivery where id = $1',
      [served],
    );
    expect(mail?.error).not.toBe('provider.not-configured');
  });
});
