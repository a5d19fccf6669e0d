/* Alone: its consumers are given the events of every hospital. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import type { DomainEvent } from '@hms/contracts';
import { HospitalDatabase, type Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { ApiConfig } from '../../platform/config/api-config.js';
import type { ExternalConsumer } from '../../platform/events/event-consumer.js';
import { Outbox } from '../../platform/events/outbox.service.js';
import { Mailer } from '../../platform/mail/mailer.service.js';
import { TestApi } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import { startTestWorker } from '../../testing/test-worker.js';
import { until } from '../../testing/until.js';
import { BreakGlassMailRepository } from './break-glass-mail.repository.js';
import { BreakGlassMails } from './break-glass-mails.consumer.js';
import { BreakGlassReviewMails } from './break-glass-review-mails.consumer.js';
import type { BreakGlassDto } from './break-glass.dto.js';
import { ReviewRequests } from './review-requests.service.js';
import { ReviewersRepository } from './reviewers.repository.js';

const request = { reasonCode: 'emergency', justification: 'Cardiac arrest on the ward next door' };
let api: TestApi;
let hospital: Hospital;
let worker: INestApplicationContext | undefined;
let mailer: Mailer;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  mailer = new Mailer(configuration());
});

afterEach(async () => {
  await worker?.close();
  worker = undefined;
  await asOwner((owner) => owner.query(`delete from public.outbox_consumer where name like 'test-%'`));
  await asOwner((owner) => owner.query(`delete from public.outbox_delivery where consumer like 'test-%'`));
});

afterAll(async () => {
  mailer.onApplicationShutdown();
  await api.close();
  await dropTestHospital(hospital);
});

const configuration = () => new ApiConfig({ ...process.env, NODE_ENV: 'test', PORT: '1' });
const database = () => api.application.nest.get(HospitalDatabase, { strict: false });
const outbox = () => api.application.nest.get(Outbox, { strict: false });
const deciding = () => new BreakGlassMails(new ReviewRequests(new ReviewersRepository(), outbox()));
const mailing = (through: Pick<Mailer, 'send'> = mailer, events = outbox(), reviewers = new ReviewersRepository()) => {
  const [grants, requests] = [new BreakGlassMailRepository(database()), new ReviewRequests(reviewers, events)];
  return new BreakGlassReviewMails(database(), grants, requests, events, through as Mailer, configuration());
};

/** A nurse of one ward opens a patient of another. */
async function breakGlass(at: Hospital) {
  const wards = new TestWards(at);
  const [mine, theirs] = [await wards.ward(), await wards.ward()];
  const { patientId } = await wards.monitored(theirs);
  const holder = await api.signIn({ hospital: at, role: 'nurse', wardIds: [mine] });
  const url = `/api/v1/patients/${patientId}/break-glass`;
  const { body } = await api.send<BreakGlassDto>({ method: 'POST', url, payload: request }, holder);
  return { patientId, holder, grant: body };
}

async function mailsTo(to: string): Promise<readonly { readonly text: string }[]> {
  const url = `${process.env['HMS_MAILBOX_URL'] ?? ''}/mails?to=${encodeURIComponent(to)}`;
  return ((await (await fetch(url)).json()) as { items: { text: string }[] }).items;
}

/** Who was asked to review a grant. */
async function asked(grantId: string): Promise<string[]> {
  const { rows } = await asOwner((owner) =>
    owner.query<{ user: string }>(
      `select payload ->> 'userId' as user from public.outbox_event
        where type = 'break-glass.review-asked' and payload ->> 'id' = $1 order by 1`,
      [grantId],
    ),
  );
  return rows.map(({ user }) => user);
}

const admin = (at: Hospital) => api.signIn({ hospital: at, role: 'hospital_admin' });

/** What the consumer is given for one who was asked. */
const reviewAsked = (at: Hospital, grant: BreakGlassDto, userId: string): DomainEvent<'break-glass.review-asked'> => ({
  id: uuidv7(),
  type: 'break-glass.review-asked',
  payload: { id: grant.id, userId },
  hospitalId: at.id,
  actorId: grant.userId,
  occurredAt: new Date().toISOString(),
});
const changes = (column: 'accepted_at' | 'disabled_at' | 'revoked_at', to: string) => (userId: string) =>
  asOwner((owner) => owner.query(`update public.membership set ${column} = ${to} where user_id = $1`, [userId]));

describe('that glass was broken', () => {
  it('is told by mail to the other administrators of the hospital within a minute, without the patient', async () => {
    const elsewhere = await createTestHospital();
    const [first, second, foreign] = [await admin(hospital), await admin(hospital), await admin(elsewhere)];
    worker = await startTestWorker([deciding(), mailing()]);
    const openedAt = Date.now();
    const { patientId, holder, grant } = await breakGlass(hospital);
    for (const { email } of [first, second]) {
      await until(async () => (await mailsTo(email)).some(({ text }) => text.includes(grant.expiresAt)), 60_000);
      const told = (await mailsTo(email)).find(({ text }) => text.includes(grant.expiresAt));
      expect(told?.text).toContain('Test nurse opened a patient');
      for (const secret of [patientId, request.justification, request.reasonCode])
        expect(told?.text).not.toContain(secret);
    }
    expect(Date.now() - openedAt).toBeLessThan(60_000);
    expect([await mailsTo(foreign.email), await mailsTo(holder.email)]).toEqual([[], []]);
    expect(await asked(grant.id)).toEqual([first.id, second.id].sort());
    await dropTestHospital(elsewhere);
  }, 90_000);

  it('is told to each of them once, though the address of another is refused again and again', async () => {
    const small = await createTestHospital();
    const [well, refused] = [await admin(small), await admin(small)];
    const sent: string[] = [];
    const through: Pick<Mailer, 'send'> = {
      send: (_, { to }) => {
        sent.push(to.address);
        return to.address === refused.email ? Promise.reject(new Error('no such mailbox')) : Promise.resolve();
      },
    };
    const mails = mailing(through);
    const consumer: ExternalConsumer<'break-glass.review-asked'> = {
      name: `test-${uuidv7()}`,
      effect: 'external',
      types: mails.types,
      backoffMs: 10,
      handle: (event) => mails.handle(event),
    };
    worker = await startTestWorker([deciding(), consumer]);
    await breakGlass(small);
    const times = (address: string) => sent.filter((to) => to === address).length;
    await until(() => times(refused.email) >= 4, 60_000);
    expect(times(well.email)).toBe(1);
    await dropTestHospital(small);
  }, 90_000);

  it.each([
    ['who was disabled there', changes('disabled_at', 'now()')],
    ['who left the hospital', changes('revoked_at', 'now()')],
    ['who has not accepted', changes('accepted_at', 'null')],
    [
      'whose account was closed',
      (id: string) =>
        asOwner((owner) => owner.query(`update public.app_user set status = 'disabled' where id = $1`, [id])),
    ],
  ])('is told to whoever administers now instead of one %s meanwhile', async (_, lose) => {
    const small = await createTestHospital();
    const [gone, successor] = [await admin(small), await admin(small)];
    const { grant } = await breakGlass(small);
    await lose(gone.id);
    const [sent, events]: [string[], object[]] = [[], []];
    const kept: Pick<Outbox, 'add' | 'wakeRelay'> = {
      add: (_, event) => Promise.resolve(void events.push(event)),
      wakeRelay: () => undefined,
    };
    const send: Mailer['send'] = (_, { to }) => Promise.resolve(void sent.push(to.address));
    const consumer = mailing({ send }, kept as Outbox);
    await consumer.handle(reviewAsked(small, grant, gone.id));
    expect(sent).toEqual([]);
    expect(events).toMatchObject([
      { type: 'break-glass.review-asked', payload: { id: grant.id, userId: successor.id }, hospitalId: small.id },
    ]);
    await consumer.handle(reviewAsked(small, grant, successor.id));
    expect([sent, events.length]).toEqual([[successor.email], 1]);
    await dropTestHospital(small);
  });

  it('stays to be told, in sight, while there is nobody who may be', async () => {
    const { grant, holder } = await breakGlass(hospital);
    const nobody = new ReviewersRepository();
    nobody.find = () => Promise.resolve([]);
    const told = mailing(mailer, outbox(), nobody).handle(reviewAsked(hospital, grant, holder.id));
    await expect(told).rejects.toThrow('nobody to tell');
  });

  it('is told to the platform where the holder alone administers the hospital', async () => {
    const small = await createTestHospital();
    const platform = await api.signIn({ hospital: null, role: 'super_admin' });
    const { holder, grant } = await breakGlass(small);
    await asOwner((owner) =>
      owner.query(
        `insert into public.membership (id, user_id, hospital_id, role)
         values (gen_random_uuid(), $1, $2, 'hospital_admin')`,
        [holder.id, small.id],
      ),
    );
    worker = await startTestWorker([deciding(), mailing()]);
    await until(async () => (await mailsTo(platform.email)).some(({ text }) => text.includes(grant.expiresAt)), 60_000);
    const told = (await mailsTo(platform.email)).find(({ text }) => text.includes(grant.expiresAt));
    expect(told?.text).toContain('has no other administrator');
    expect(await asked(grant.id)).toContain(platform.id);
    expect(await asked(grant.id)).not.toContain(holder.id);
    await asOwner((owner) =>
      owner.query(`update public.app_user set status = 'disabled' where id = $1`, [platform.id]),
    );
    await dropTestHospital(small);
  }, 90_000);
});
