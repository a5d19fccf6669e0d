import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HospitalDatabase, type Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { ApiConfig } from '../../platform/config/api-config.js';
import { Mailer } from '../../platform/mail/mailer.service.js';
import { TestApi } from '../../testing/test-api.js';
import { asOwner, createTestHospital, createTestUser, dropTestHospital } from '../../testing/test-hospital.js';
import { AccountMails } from './account-mail.consumer.js';
import { AccountMailRepository } from './account-mail.repository.js';

interface CaughtMail {
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
}

let api: TestApi;
let hospital: Hospital;
let mailers: Mailer[] = [];

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
});

afterAll(async () => {
  for (const mailer of mailers) mailer.onApplicationShutdown();
  await api.close();
  await dropTestHospital(hospital);
});

/** The consumer as the worker has it, with the SMTP server of the stack or another one. */
function consumer(smtpUrl = process.env['SMTP_URL'] ?? ''): AccountMails {
  const config = new ApiConfig({ ...process.env, NODE_ENV: 'test', PORT: '1', SMTP_URL: smtpUrl });
  const mailer = new Mailer(config);
  mailers = [...mailers, mailer];
  const database = api.application.nest.get(HospitalDatabase, { strict: false });
  return new AccountMails(new AccountMailRepository(database), mailer, config);
}

async function mailsTo(address: string): Promise<readonly CaughtMail[]> {
  const url = `${process.env['HMS_MAILBOX_URL'] ?? ''}/mails?to=${encodeURIComponent(address)}`;
  const body = (await (await fetch(url)).json()) as { items: CaughtMail[] };
  return body.items;
}

const nurse = () => createTestUser({ hospital, role: 'nurse', passwordHash: '$argon2id$unknown' });
const forgot = (email: string) => api.send({ method: 'POST', url: '/api/v1/auth/password/forgot', payload: { email } });

async function requestedEvent(email: string) {
  const { rows } = await asOwner((owner) =>
    owner.query<{ id: string }>('select id from public.password_reset where email = $1', [email]),
  );
  const payload = { id: rows[0]?.id ?? '' };
  const occurredAt = new Date().toISOString();
  return {
    id: uuidv7(),
    type: 'password-reset.requested',
    hospitalId: null,
    actorId: null,
    payload,
    occurredAt,
  } as const;
}

const tokenIn = (mail: CaughtMail | undefined): string => /#token=([\w-]{43})/.exec(mail?.text ?? '')?.[1] ?? '';

describe('a mail for a forgotten password', () => {
  it('arrives with a token that sets a new password once', async () => {
    const { email } = await nurse();
    await forgot(email);
    await consumer().handle(await requestedEvent(email));
    const token = tokenIn((await mailsTo(email))[0]);
    const reset = () =>
      api.send({
        method: 'POST',
        url: '/api/v1/auth/password/reset',
        payload: { token, password: 'four parrots sing at dawn' },
      });
    expect((await reset()).status).toBe(204);
    expect((await reset()).status).toBe(404);
  });

  it('sets the first password of an account that signs in with another provider', async () => {
    const { email } = await createTestUser({ hospital, role: 'patient' });
    await forgot(email);
    await consumer().handle(await requestedEvent(email));
    const payload = { token: tokenIn((await mailsTo(email))[0]), password: 'four parrots sing at dawn' };
    expect((await api.send({ method: 'POST', url: '/api/v1/auth/password/reset', payload })).status).toBe(204);
  });

  it('carries the same token and message id when it is sent again', async () => {
    const { email } = await nurse();
    await forgot(email);
    const event = await requestedEvent(email);
    for (let i = 0; i < 2; i++) await consumer().handle(event);
    const mails = (await mailsTo(email)).filter(({ messageId }) => messageId.includes(event.id));
    expect(mails).toHaveLength(2);
    expect(new Set(mails.map(tokenIn)).size).toBe(1);
  });

  it('is sent to nobody who has no account', async () => {
    const email = `nobody.${uuidv7()}@example.test`;
    await forgot(email);
    await consumer().handle(await requestedEvent(email));
    expect(await mailsTo(email)).toEqual([]);
  });

  it('waits for a mail server that is away, while the request for it does not', async () => {
    const { email } = await nurse();
    const unused = createServer().listen(0, '127.0.0.1');
    await once(unused, 'listening');
    const address = unused.address();
    unused.close();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    expect((await forgot(email)).status).toBe(202);
    const event = await requestedEvent(email);
    await expect(consumer(`smtp://127.0.0.1:${String(port)}`).handle(event)).rejects.toThrow('ECONNREFUSED');
    await consumer().handle(event);
    expect(tokenIn((await mailsTo(email)).at(-1))).not.toBe('');
  });
});

describe('the mail of an invitation', () => {
  it('carries what the person accepts with, and none is sent once another took its place', async () => {
    const admin = await api.signIn({ hospital, role: 'hospital_admin' });
    const person = { email: `invited.${uuidv7()}@example.test`, displayName: 'In Vited', roles: ['nurse'] };
    for (let i = 0; i < 2; i++) {
      await api.send({ method: 'POST', url: '/api/v1/users/invitations', payload: person }, admin);
    }
    const { rows } = await asOwner((owner) =>
      owner.query<{ id: string }>(
        `select i.id from public.invitation i join public.app_user u on u.id = i.user_id
          where u.email = $1 order by i.created_at`,
        [person.email],
      ),
    );
    const common = { type: 'invitation.issued', hospitalId: hospital.id, actorId: admin.id } as const;
    const occurredAt = new Date().toISOString();
    const events = rows.map((payload) => ({ ...common, id: uuidv7(), payload, occurredAt }));
    const own = consumer();
    for (const event of events) await own.handle(event);
    // The worker of the stack mails as well.
    const mails = (await mailsTo(person.email)).filter(({ messageId }) =>
      events.some(({ id }) => messageId.includes(id)),
    );
    expect(mails).toHaveLength(1);
    const payload = { token: tokenIn(mails[0]), password: 'four parrots sing at dawn' };
    const { status } = await api.send({ method: 'POST', url: '/api/v1/auth/invitations/accept', payload });
    expect(status).toBe(204);
  });
});

describe('notices', () => {
  it('tell of a changed password and a changed second factor', async () => {
    const { id: userId, email } = await nurse();
    const common = { hospitalId: null, actorId: null, occurredAt: new Date().toISOString() } as const;
    await consumer().handle({ ...common, id: uuidv7(), type: 'password.changed', payload: { userId } });
    const change = { userId, change: 'reset' } as const;
    await consumer().handle({ ...common, id: uuidv7(), type: 'second-factor.changed', payload: change });
    expect((await mailsTo(email)).map(({ subject }) => subject)).toEqual([
      'The second factor of your HMS account changed',
      'Your HMS password was changed',
    ]);
  });
});
