import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HospitalDatabase, type Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { TestApi } from '../../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../../testing/test-hospital.js';
import { TestWards } from '../../../testing/test-ward.js';
import { BroadcastsRepository } from '../broadcasts/broadcasts.repository.js';
import { NotificationAgenda } from '../planning/notification-agenda.repository.js';
import { Notifier, type Notice } from '../planning/notifier.service.js';
import { FcmClient } from '../providers/fcm.client.js';
import { TwilioClient } from '../providers/twilio.client.js';
import { FakeFcm } from '../testing/fake-fcm.js';
import { FakeTwilio } from '../testing/fake-twilio.js';
import { doctorWithDevice, noticeTo, patientWithPhone } from '../testing/recipients.js';
import { sweepOf } from '../testing/sweeping.js';
import { PushTokensRepository } from '../tokens/push-tokens.repository.js';
import type { ChannelSender } from './channel-sender.js';
import type { ClaimedDelivery } from './claimed-delivery.js';
import { DeliveriesRepository, type Claim } from './deliveries.repository.js';
import { PushSender } from './push-sender.js';
import { SmsSender } from './sms-sender.js';

/*
 * The stack has a worker of its own, which has no provider for pushes and SMS: they are this file's. Its mails are sent by
 * either, so what is said of mails is tested on the sender alone (email-sender.int.spec.ts).
 */

const twilio = new FakeTwilio();
const fcm = new FakeFcm();
let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let sms: ChannelSender;
let push: ChannelSender;
let patient: { id: string; phone: string };
const patienceMs = 400;
const publicUrl = process.env['PUBLIC_URL'] ?? '';

beforeAll(async () => {
  await Promise.all([twilio.start(), fcm.start()]);
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  sms = new SmsSender(new TwilioClient(twilio.account, patienceMs), publicUrl);
  const tokens = new PushTokensRepository(api.application.nest.get(HospitalDatabase, { strict: false }));
  push = new PushSender(new FcmClient({ url: fcm.url, account: fcm.serviceAccount }, patienceMs), tokens);
});
beforeEach(async () => {
  for (const table of ['notification_delivery', 'notification']) await wards.query(`delete from {schema}.${table}`);
  await asOwner((o) => o.query('delete from public.notification_agenda where hospital_id = $1', [hospital.id]));
  await wards.query(
    `update {schema}.notification_settings
        set quiet_until = quiet_from, channels = '{in-app,push,sms}', per_minute = 10000`,
  );
  patient = await newPatient();
});
afterEach(() => {
  twilio.recover();
  fcm.recover();
});
afterAll(async () => {
  await dropTestHospital(hospital);
  await api.close();
  await Promise.all([twilio.stop(), fcm.stop()]);
});

const newPatient = () => patientWithPhone(wards);
const userWithDevice = () => doctorWithDevice(api, hospital);
function plan(...notices: Notice[]) {
  const notifier = api.application.nest.get(Notifier, { strict: false });
  const database = api.application.nest.get(HospitalDatabase, { strict: false });
  return database.inHospital(hospital, (tx) => notifier.notify(tx, notices, new Date()));
}
const sweep = () => sweepOf(api.application.nest, hospital);
const deliveries = () =>
  wards.query<{ status: string; error: string | null; attempts: number; provider_id: string | null }>(
    `select status, error, attempts, provider_id from {schema}.notification_delivery where channel <> 'in-app' order by id`,
  );
/** Pauses and leases are over. */
const makeDue = () => wards.query(`update {schema}.notification_delivery set due_at = now() where due_at is not null`);
const agenda = async () =>
  (await asOwner((o) => o.query('select from public.notification_agenda where hospital_id = $1', [hospital.id])))
    .rowCount;

describe('a notice', () => {
  it('planned twice with one key is one', async () => {
    const twice = noticeTo({ patientId: patient.id });
    const planned = await Promise.all([plan(twice), plan(twice)]);
    expect(planned.flat()).toHaveLength(1);
    await sweep().run(sms);
    expect(twilio.to(patient.phone)).toHaveLength(1);
    expect(await deliveries()).toMatchObject([
      { status: 'sent', attempts: 1, provider_id: twilio.to(patient.phone)[0]?.sid },
    ]);
    expect(await agenda()).toBe(0);
  });

  it('is not sent to somebody who died, was deleted or left since', async () => {
    const doctor = await userWithDevice();
    await plan(noticeTo({ patientId: patient.id }), noticeTo({ userId: doctor.id }));
    await wards.query('update {schema}.patient set deceased_at = now()');
    await asOwner((o) => o.query('update public.membership set revoked_at = now() where user_id = $1', [doctor.id]));
    await sweep().run(sms);
    await sweep().run(push);
    expect((await deliveries()).map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
    expect([twilio.to(patient.phone), fcm.shownOn(doctor.token)]).toEqual([[], []]);
  });

  it('of which the time is over is not sent', async () => {
    await plan(noticeTo({ patientId: patient.id }, { expiresAt: new Date(Date.now() + 50) }));
    await wards.query(`update {schema}.notification_delivery set due_at = now() + interval '60 milliseconds'`);
    await makeDueLater();
    expect((await deliveries())[0]).toMatchObject({ status: 'expired' });
    expect(twilio.to(patient.phone)).toEqual([]);
  });

  it('to whom no way leads is on record as such', async () => {
    await wards.query('update {schema}.patient set phone = null');
    await plan(noticeTo({ patientId: patient.id }));
    expect(await deliveries()).toMatchObject([{ status: 'failed', error: 'recipient.unreachable' }]);
  });
});

/** Until the first attempt ends whatever is due. */
async function makeDueLater(): Promise<void> {
  for (let tries = 0; tries < 100 && (await deliveries())[0]?.status === 'queued'; tries += 1) await sweep().run(sms);
}

describe('what a locked screen shows', () => {
  const secrets = ['Ada', 'Lovelace', 'Biopsy', 'HIV', 'Otieno'];

  it('says of a message nothing but whom it is from', async () => {
    const doctor = await userWithDevice();
    await plan(noticeTo({ patientId: patient.id }), noticeTo({ userId: doctor.id }));
    await sweep().run(sms);
    await sweep().run(push);
    const [text, pushed] = [twilio.to(patient.phone)[0]?.body ?? '', fcm.shownOn(doctor.token)[0]];
    expect(text).toMatch(
      new RegExp(`^${hospital.name}: you have a new message. Sign in to read it: ${publicUrl}/n/[\\w-]{22}$`),
    );
    expect(pushed?.notification).toEqual({ title: hospital.name, body: 'You have a new message.' });
    for (const secret of [...secrets, patient.id]) expect(JSON.stringify([text, pushed])).not.toContain(secret);
  });
});

describe('a provider that fails', () => {
  const silentSender: ChannelSender = {
    channel: 'sms',
    concurrency: 1,
    send: () => Promise.reject(new Error('nothing is to be sent')),
  };

  it.each([
    ['is busy', { status: 429, body: { code: 20429 } }, 'queued'],
    ['breaks', { status: 500, body: {} }, 'sending'],
    ['does not answer', 'silent', 'sending'],
  ] as const)('because it %s is asked again later', async (_, mishap, status) => {
    await plan(noticeTo({ patientId: patient.id }));
    twilio.failWith(mishap);
    await sweep().run(sms);
    expect(await deliveries()).toMatchObject([{ status, attempts: 1 }]);
    await sweep().run(sms);
    expect((await deliveries())[0]?.attempts).toBe(1);
    await makeDue();
    await sweep().run(sms);
    expect(await deliveries()).toMatchObject([{ status: 'sent', attempts: 2, error: null }]);
    expect(twilio.to(patient.phone)).toHaveLength(1);
  });

  it.each(['accepted-then-silent', 'accepted-then-cut'] as const)(
    'to say that it took an SMS (%s) is asked for it before it is sent again',
    async (mishap) => {
      await plan(noticeTo({ patientId: patient.id }));
      twilio.failWith(mishap);
      await sweep().run(sms);
      await makeDue();
      await sweep().run(sms);
      expect(twilio.to(patient.phone)).toHaveLength(1);
      expect(await deliveries()).toMatchObject([{ status: 'sent', provider_id: twilio.to(patient.phone)[0]?.sid }]);
    },
  );

  it('for longer than the lease is believed when it says at last that it took an SMS', async () => {
    const database = api.application.nest.get(HospitalDatabase, { strict: false });
    const repository = new DeliveriesRepository(database);
    const claim = () =>
      database.inHospital(hospital, (tx) => repository.claim(tx, { channel: 'sms', most: 1, leaseMs: 60_000 }, 1));
    await plan(noticeTo({ patientId: patient.id }));
    const [slow] = await claim();
    await makeDue();
    const [later] = await claim();
    if (!slow || !later) throw new Error('nothing was claimed');
    expect(await repository.end(hospital, slow, { status: 'failed', error: 'x' })).toBe(false);
    expect(await repository.end(hospital, slow, { status: 'sent', providerId: 'SM1' })).toBe(true);
    expect(await repository.end(hospital, later, { status: 'queued', error: 'x', retryInMs: 1 })).toBe(false);
    expect(await deliveries()).toMatchObject([{ status: 'sent', provider_id: 'SM1', attempts: 2 }]);
  });

  it('to say what it took is not asked for ever', async () => {
    await plan(noticeTo({ patientId: patient.id }));
    twilio.failWith('silent');
    await sweep().run(sms);
    const mute: ChannelSender = { ...silentSender, find: () => Promise.reject(new Error('twilio.status-503')) };
    await makeDue();
    await sweep().run(mute);
    expect(await deliveries()).toMatchObject([{ status: 'sending', error: 'provider.no-answer' }]);
    await wards.query('update {schema}.notification set expires_at = now()');
    await makeDue();
    await sweep().run(mute);
    expect(await deliveries()).toMatchObject([{ status: 'failed', error: 'delivery.in-doubt' }]);
  });

  it('and is not asked has an SMS sent twice (control)', async () => {
    const careless: ChannelSender = { channel: 'sms', concurrency: 1, send: (...given) => sms.send(...given) };
    await plan(noticeTo({ patientId: patient.id }));
    twilio.failWith('accepted-then-silent');
    await sweep().run(careless);
    await makeDue();
    await sweep().run(careless);
    expect(twilio.to(patient.phone)).toHaveLength(2);
  });

  it('to say that it took a push shows it once', async () => {
    const doctor = await userWithDevice();
    await plan(noticeTo({ userId: doctor.id }));
    fcm.failWith('accepted-then-silent');
    await sweep().run(push);
    await makeDue();
    await sweep().run(push);
    expect([
      fcm.accepted.filter(({ token }) => token === doctor.token).length,
      fcm.shownOn(doctor.token).length,
    ]).toEqual([2, 1]);
  });

  it('is left alone after five failures, keeps nothing from being sent later, and stops no other', async () => {
    const patients = [];
    for (let i = 0; i < 12; i += 1) patients.push(await newPatient());
    const doctor = await userWithDevice();
    await plan(...patients.map(({ id }) => noticeTo({ patientId: id })), noticeTo({ userId: doctor.id }));
    const before = twilio.requests.length;
    twilio.failWith(...Array.from({ length: 100 }, () => ({ status: 503, body: {} })));
    const worker = sweep();
    for (let round = 0; round < 5; round += 1) {
      await worker.run(sms);
      await worker.run(push);
      await makeDue();
    }
    // Those under way when it opened.
    expect(twilio.requests.length - before).toBe(8);
    expect(fcm.shownOn(doctor.token)).toHaveLength(1);
    twilio.recover();
    while (await sweep().run(sms));
    expect(patients.map(({ phone }) => twilio.to(phone).length)).toEqual(Array(12).fill(1));
  });
});

describe('a hospital in which much waits', () => {
  it('hides no other hospital', async () => {
    const agenda = new NotificationAgenda(api.application.nest.get(HospitalDatabase, { strict: false }));
    await plan(noticeTo({ patientId: patient.id }));
    const suspended = await createTestHospital();
    try {
      await asOwner(async (owner) => {
        await owner.query(`update public.hospital set status = 'suspended' where id = $1`, [suspended.id]);
        await owner.query(
          `insert into public.notification_agenda (item_id, hospital_id, queue, due_at)
           select gen_random_uuid(), $1, 'sms', now() - interval '1 day' from generate_series(1, 1500)`,
          [suspended.id],
        );
      });
      const due = (await agenda.hospitalsDue('sms', [], 1_000)).map((each) => each.hospital.id);
      expect([due.includes(hospital.id), due.includes(suspended.id)]).toEqual([true, false]);
      const others = await agenda.hospitalsDue('sms', [hospital.id], 1_000);
      expect(others.map((each) => each.hospital.id)).not.toContain(hospital.id);
    } finally {
      await asOwner((o) => o.query('delete from public.notification_agenda where hospital_id = $1', [suspended.id]));
      await dropTestHospital(suspended);
    }
  });
});

describe('a broadcast that is cancelled', () => {
  it('is not repeated by what a provider had not taken, and takes back nothing that it may have', async () => {
    const broadcastId = uuidv7();
    await wards.query(
      `insert into {schema}.notification_broadcast (id, target, title, body, status, finished_at, created_by)
       values ($1, 'patients', 'Flu clinic', 'On Saturday.', 'completed', now(), $1)`,
      [broadcastId],
    );
    await plan(noticeTo({ patientId: patient.id }, { code: 'broadcast', broadcastId }));
    twilio.failWith('accepted-then-silent');
    await sweep().run(sms);
    const database = api.application.nest.get(HospitalDatabase, { strict: false });
    const cancelled = await database.inHospital(hospital, (tx) => new BroadcastsRepository().cancel(tx, broadcastId));
    expect(cancelled).toMatchObject({ status: 'cancelled' });
    const other = await newPatient();
    await plan(noticeTo({ patientId: other.id }, { code: 'broadcast', broadcastId }));
    await makeDue();
    await sweep().run(sms);
    expect([twilio.to(patient.phone).length, twilio.to(other.phone).length]).toEqual([1, 0]);
    expect(await deliveries()).toMatchObject([
      { status: 'sent' },
      { status: 'cancelled', error: 'broadcast.cancelled' },
    ]);
  });
});

describe('an installation that is gone', () => {
  it('is deactivated, and not pushed to again', async () => {
    const doctor = await userWithDevice();
    fcm.unregistered.add(doctor.token);
    await plan(noticeTo({ userId: doctor.id }));
    await sweep().run(push);
    expect(await deliveries()).toMatchObject([{ status: 'failed', error: 'fcm.UNREGISTERED' }]);
    await plan(noticeTo({ userId: doctor.id }));
    expect(await deliveries()).toHaveLength(1);
    await api.send(
      {
        method: 'POST',
        url: '/api/v1/notifications/register-token',
        payload: { token: doctor.token, platform: 'ios' },
      },
      doctor,
    );
    await plan(noticeTo({ userId: doctor.id }));
    expect(await deliveries()).toHaveLength(2);
  });

  it('that another person registered since is not shown what was meant for the first', async () => {
    const [doctor, other] = [await userWithDevice(), await api.signIn({ hospital, role: 'nurse' })];
    await plan(noticeTo({ userId: doctor.id }));
    const payload = { token: doctor.token, platform: 'ios' };
    await api.send({ method: 'POST', url: '/api/v1/notifications/register-token', payload }, other);
    await sweep().run(push);
    expect(fcm.shownOn(doctor.token)).toEqual([]);
    expect(await deliveries()).toMatchObject([{ status: 'failed', error: 'recipient.no-device' }]);
  });
});

describe('the rate of a hospital', () => {
  it('is kept by all workers together, except for what is urgent', async () => {
    await wards.query('update {schema}.notification_settings set per_minute = 5');
    await wards.query(`update {schema}.notification_budget set minute = date_trunc('minute', now()), used = 0`);
    const patients = [];
    for (let i = 0; i < 12; i += 1) patients.push(await newPatient());
    await plan(...patients.map(({ id }, i) => noticeTo({ patientId: id }, i < 3 ? { priority: 'urgent' } : {})));
    const before = twilio.messages.length;
    const [{ minute: from } = { minute: '' }] = await wards.query<{ minute: string }>(
      `select date_trunc('minute', now())::text as minute`,
    );
    await Promise.all(Array.from({ length: 3 }, () => sweep().run(sms)));
    await Promise.all(Array.from({ length: 3 }, () => sweep().run(sms)));
    const [{ minute: to } = { minute: '' }] = await wards.query<{ minute: string }>(
      `select date_trunc('minute', now())::text as minute`,
    );
    // Urgent ones and one minute's rate, or two minutes' when one began in between.
    const sent = twilio.messages.length - before;
    expect(sent).toBe(from === to ? 8 : sent);
    expect(patients.slice(0, 3).map(({ phone }) => twilio.to(phone).length)).toEqual([1, 1, 1]);
    await wards.query(`update {schema}.notification_budget set minute = minute - interval '1 minute'`);
    await sweep().run(sms);
    expect(twilio.messages.length).toBeGreaterThan(before + sent);
  });
});

describe('several workers at once', () => {
  const race = async (make: () => DeliveriesRepository | undefined) => {
    const patients = [];
    for (let i = 0; i < 40; i += 1) patients.push(await newPatient());
    await plan(...patients.map(({ id }) => noticeTo({ patientId: id })));
    const workers = Array.from({ length: 3 }, () => sweepOf(api.application.nest, hospital, make()));
    await Promise.all(
      workers.map(async (worker) => {
        while (await worker.run(sms));
      }),
    );
    return patients.map(({ phone }) => twilio.to(phone).length);
  };

  it('send each delivery once', async () => {
    expect(await race(() => undefined)).toEqual(Array(40).fill(1));
  });

  it('would send some twice without the claim (control)', async () => {
    class Unclaimed extends DeliveriesRepository {
      override async claim(
        ...[tx, claim, budget]: Parameters<DeliveriesRepository['claim']>
      ): Promise<ClaimedDelivery[]> {
        const claimed = await super.claim(tx, { ...claim, leaseMs: -1 } satisfies Claim, budget);
        return claimed.map((delivery) => ({ ...delivery, inDoubtSince: null }));
      }
    }
    const database = api.application.nest.get(HospitalDatabase, { strict: false });
    const counts = await race(() => new Unclaimed(database));
    expect(Math.max(...counts)).toBeGreaterThan(1);
  });
});
