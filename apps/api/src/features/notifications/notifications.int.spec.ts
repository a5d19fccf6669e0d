import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import { until } from '../../testing/until.js';
import type { LiveChange } from '../live/live-change.js';
import { LiveClient } from '../live/testing/live-client.js';
import type { BroadcastDto } from './broadcasts/broadcasts.dto.js';
import type { InboxNotificationDto, InboxPageDto } from './inbox/inbox.dto.js';
import type { NotificationLogDto } from './log/delivery-log.dto.js';
import type { SentMessageDto, SentMessagesDto } from './messages/messages.dto.js';
import type { NotificationPreferencesDto } from './preferences/preferences.dto.js';
import type { NotificationSettingsDto } from './settings/settings.dto.js';
import type { NotificationTemplateDto, NotificationTemplatesDto } from './templates/templates.dto.js';
import type { DeactivatedDto, PushTokenDto } from './tokens/push-tokens.dto.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let admin: TestCaller;
let nurse: TestCaller;
let patient: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  [admin, nurse] = [
    await api.signIn({ hospital, role: 'hospital_admin' }),
    await api.signIn({ hospital, role: 'nurse' }),
  ];
  // Quiet hours would make tests depend on the time of day.
  await wards.query(`update {schema}.notification_settings set quiet_until = quiet_from`);
});
beforeEach(async () => {
  patient = await api.signIn({ hospital, role: 'patient', patientId: await wards.patient() });
});
afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

interface Send {
  readonly payload?: object;
  readonly headers?: Record<string, string>;
}
const call = <T>(method: string, url: string, caller: TestCaller, { payload, headers }: Send = {}) =>
  api.send<T>(
    { method, url: `/api/v1${url}`, ...(payload ? { payload } : {}), ...(headers ? { headers } : {}) },
    caller,
  );
const get = <T>(url: string, caller: TestCaller) => call<T>('GET', url, caller);
const post = <T>(url: string, caller: TestCaller, payload: object = {}) => call<T>('POST', url, caller, { payload });
const message = { title: 'Your results', body: 'Please call us.\nDr. Otieno' };
const send = (userId: string, more: object = {}) =>
  post<SentMessageDto>('/notifications/send', nurse, { userId, ...message, ...more });
const waysOf = async (userId: string) =>
  (await get<NotificationLogDto>(`/admin/notifications/logs?userId=${userId}&limit=100`, admin)).body.items;
const register = (caller: TestCaller, token: string) =>
  post<PushTokenDto>('/notifications/register-token', caller, { token, platform: 'android' });

describe('a message', () => {
  it('is in the inbox of its recipient and of nobody else, until it is read and after', async () => {
    const { status, body: sent } = await send(patient.id);
    expect(status).toBe(201);
    const inbox = (await get<InboxPageDto>('/notifications?unread=true', patient)).body;
    expect(inbox.items).toMatchObject([{ ...message, id: sent.id, code: 'message', readAt: null }]);
    expect((await get<InboxPageDto>('/notifications', nurse)).body.items).toEqual([]);
    expect((await get(`/notifications/${sent.id}`, nurse)).body).toMatchObject({ code: 'notification.not-found' });
    expect((await post(`/notifications/${sent.id}/read`, nurse)).status).toBe(404);
    const read = (await post<InboxNotificationDto>(`/notifications/${sent.id}/read`, patient)).body;
    expect((await post<InboxNotificationDto>(`/notifications/${sent.id}/read`, patient)).body.readAt).toBe(read.readAt);
    const unread = await get<InboxPageDto>('/notifications?unread=true&count=true', patient);
    expect([unread.body.items, unread.headers['x-total-count']]).toEqual([[], '0']);
    expect((await get<InboxNotificationDto>(`/notifications/${sent.id}`, patient)).body).toEqual(read);
  });

  it('is told live to its recipient, and to no one else', async () => {
    await api.application.nest.listen(0, '127.0.0.1');
    const url = await api.application.nest.getUrl();
    const [doctor, other] = [
      await api.signIn({ hospital, role: 'doctor' }),
      await api.signIn({ hospital, role: 'doctor' }),
    ];
    const connect = ({ accessToken: token }: TestCaller) => new LiveClient(url, { auth: { token } }).ready();
    const [told, untold] = [await connect(doctor), await connect(other)];
    const created = (client: LiveClient) =>
      (client.heard('change') as LiveChange[]).filter(({ type }) => type === 'notification.created');
    const sent = [(await send(doctor.id)).body.id, (await send(other.id)).body.id];
    await until(() => created(told).length > 0 && created(untold).length > 0);
    expect(created(told).map(({ payload }) => payload)).toEqual([{ id: sent[0], userId: doctor.id }]);
    expect(created(untold).map(({ payload }) => payload)).toEqual([{ id: sent[1], userId: other.id }]);
    for (const client of [told, untold]) client.close();
  });

  it('goes to nobody outside the hospital', async () => {
    for (const stranger of [uuidv7(), (await api.signIn({ hospital: null, role: 'super_admin' })).id]) {
      expect((await send(stranger)).body).toMatchObject({ code: 'notification.recipient-not-found' });
    }
  });

  it('reaches each of several recipients once, and says who is none', async () => {
    const [other, stranger] = [await api.signIn({ hospital, role: 'doctor' }), uuidv7()];
    const userIds = [patient.id, stranger, other.id];
    const { body } = await post<SentMessagesDto>('/notifications/send-batch', nurse, { userIds, ...message });
    expect(body.items.map(({ userId }) => userId)).toEqual([patient.id, other.id]);
    expect(body.unknown).toEqual([stranger]);
    expect((await get<InboxPageDto>('/notifications', other)).body.items).toHaveLength(1);
  });

  it('is one however often the request is repeated', async () => {
    const headers = { 'idempotency-key': uuidv7() };
    const payload = { userId: patient.id, ...message };
    for (let i = 0; i < 2; i += 1) await call('POST', '/notifications/send', nurse, { payload, headers });
    expect((await get<InboxPageDto>('/notifications', patient)).body.items).toHaveLength(1);
  });
});

describe('a device token', () => {
  it('is used from its registration until it is deactivated', async () => {
    const token = `token-${uuidv7()}`;
    expect((await register(patient, token)).status).toBe(201);
    await send(patient.id);
    expect((await waysOf(patient.id)).map(({ channel }) => channel).sort()).toEqual(['email', 'in-app', 'push']);
    const off = await call<DeactivatedDto>('DELETE', '/notifications/deactivate-token', patient, {
      payload: { token },
    });
    expect([off.status, off.body.deactivated.length]).toEqual([200, 1]);
    const again = await call('DELETE', '/notifications/deactivate-token', patient, { payload: { token } });
    expect(again.body).toMatchObject({ code: 'push-token.not-found' });
    await send(patient.id);
    expect((await waysOf(patient.id)).filter(({ channel }) => channel === 'push')).toHaveLength(1);
  });

  it('belongs to whoever registered it last, under another id', async () => {
    const token = `token-${uuidv7()}`;
    const first = (await register(nurse, token)).body;
    expect((await register(nurse, token)).body.id).toBe(first.id);
    const second = (await register(patient, token)).body;
    expect(second.id).not.toBe(first.id);
    const late = await call('DELETE', '/notifications/deactivate-token', nurse, { payload: { token } });
    expect(late.status).toBe(404);
  });

  it('is one of twenty at most: the one registered longest ago gives way', async () => {
    const tokens = Array.from({ length: 21 }, () => `token-${uuidv7()}`);
    for (const token of tokens) await register(patient, token);
    const off = (token?: string) =>
      call<DeactivatedDto>('DELETE', '/notifications/deactivate-token', patient, { payload: { token } });
    expect([(await off(tokens[0])).status, (await off(tokens[20])).status]).toEqual([404, 200]);
    const rest = await call<DeactivatedDto>('DELETE', '/notifications/deactivate-all', patient);
    expect(rest.body.deactivated).toHaveLength(19);
  });

  it('is deactivated with all others of its user, and of no other user', async () => {
    const other = await api.signIn({ hospital, role: 'doctor' });
    await register(other, `token-${uuidv7()}`);
    for (let i = 0; i < 3; i += 1) await register(patient, `token-${uuidv7()}`);
    const off = await call<DeactivatedDto>('DELETE', '/notifications/deactivate-all', patient);
    expect(off.body.deactivated).toHaveLength(3);
    await send(other.id);
    expect((await waysOf(other.id)).map(({ channel }) => channel)).toContain('push');
  });
});

describe('preferences', () => {
  const set = (values: object) =>
    call<NotificationPreferencesDto>('PUT', '/notification-preferences', patient, { payload: values });

  it('decide on which ways somebody is told, and in which language', async () => {
    expect((await get<NotificationPreferencesDto>('/notification-preferences', patient)).body.channels).toBeNull();
    const { body } = await set({ channels: ['sms'], language: 'de', phone: '+353871234567' });
    expect((await get<NotificationPreferencesDto>('/notification-preferences', patient)).body).toEqual(body);
    await wards.query(`update {schema}.notification_settings set channels = '{in-app,email,sms}'`);
    await send(patient.id);
    await wards.query(`update {schema}.notification_settings set channels = '{in-app,push,email}'`);
    expect((await waysOf(patient.id)).map(({ channel }) => channel).sort()).toEqual(['in-app', 'sms']);
  });

  it('put off until the end of the quiet hours what is not urgent', async () => {
    // Quiet at any time of day but the minute before midnight.
    await set({ channels: ['email'], quietFrom: '00:00', quietUntil: '23:59', timezone: 'Pacific/Kiritimati' });
    await send(patient.id);
    const [mail] = (await waysOf(patient.id)).filter(({ channel }) => channel === 'email');
    expect(mail).toMatchObject({ status: 'queued', attempts: 0 });
    expect(mail?.dueAt).toMatch(/T09:59:00/);
    await send(patient.id, { priority: 'urgent' });
    const mails = (await waysOf(patient.id)).filter(({ channel }) => channel === 'email');
    expect(Date.parse(mails[0]?.dueAt ?? mails[0]?.finishedAt ?? '')).toBeLessThan(Date.now() + 5_000);
  });

  it.each([
    [{ channels: ['email'], timezone: 'Mars/Olympus' }, 'timezone'],
    [{ channels: ['email'], timezone: 'localtime' }, 'timezone'],
    [{ channels: ['email'], quietFrom: '21:00' }, 'quietUntil'],
    [{ channels: ['pigeon'] }, 'channels'],
    [{ channels: ['sms'], phone: '0871234567' }, 'phone'],
  ])('%j are refused for %s', async (values, field) => {
    const { status, body } = await set(values);
    expect([status, (body as unknown as { errors: { field: string }[] }).errors[0]?.field]).toEqual([
      422,
      expect.stringContaining(field),
    ]);
  });
});

describe('a text of the hospital', () => {
  const write = (more: object) =>
    post<NotificationTemplateDto>('/admin/notifications/templates', admin, {
      code: 'message',
      lang: 'en',
      channel: 'in-app',
      basedOn: 0,
      subject: 'From {{hospital}}: {{title}}',
      body: '{{body}}',
      ...more,
    });

  it('takes the place of the built-in one, and only of the version it was based on', async () => {
    expect((await write({})).body).toMatchObject({ version: 1 });
    expect((await write({ body: 'x' })).body).toMatchObject({ code: 'template.outdated' });
    const two = await Promise.all(['one', 'two'].map((body) => write({ basedOn: 1, body: `{{body}} ${body}` })));
    expect(two.map(({ status }) => status).sort()).toEqual([201, 409]);
    const { items } = (await get<NotificationTemplatesDto>('/admin/notifications/templates', admin)).body;
    expect(items.filter(({ version }) => version > 0)).toMatchObject([{ code: 'message', lang: 'en', version: 2 }]);
    await send(patient.id);
    const [shown] = (await get<InboxPageDto>('/notifications', patient)).body.items;
    expect(shown?.title).toBe(`From ${hospital.name}: Your results`);
  });

  it('that would show on a locked screen what it is about is refused', async () => {
    for (const channel of ['push', 'sms']) {
      const refused = await write({ channel, body: '{{title}}' });
      expect([refused.status, refused.body]).toMatchObject([422, { errors: [{ field: 'body', code: 'variables' }] }]);
    }
  });
});

describe('the settings', () => {
  it('are changed by who read their version', async () => {
    const { body, headers } = await get<NotificationSettingsDto>('/admin/notifications/settings', admin);
    const { version, ...values } = body;
    const put = (tag: string, payload: object) =>
      call<NotificationSettingsDto>('PUT', '/admin/notifications/settings', admin, {
        payload,
        headers: { 'if-match': tag },
      });
    expect(headers['etag']).toBe(`"${String(version)}"`);
    expect((await put(`"${String(version)}"`, { ...values, perMinute: 500 })).body).toMatchObject({ perMinute: 500 });
    expect((await put(`"${String(version)}"`, values)).status).toBe(412);
    expect((await put(`"${String(version + 1)}"`, { ...values, channels: ['email'] })).status).toBe(422);
  });
});

describe('a broadcast', () => {
  const start = (target: string) =>
    post<BroadcastDto>('/admin/notifications/broadcast', admin, { target, title: 'Flu clinic', body: 'On Saturday.' });
  const state = async (id: string) => (await get<BroadcastDto>(`/admin/notifications/broadcasts/${id}`, admin)).body;

  it('reaches everybody it is for once, and nobody else', async () => {
    const [others, pharmacist] = [
      await Promise.all(Array.from({ length: 3 }, () => api.signIn({ hospital, role: 'patient' }))),
      await api.signIn({ hospital, role: 'pharmacist' }),
    ];
    const ids: Record<string, string> = {};
    for (const target of ['patients', 'pharmacies', 'all']) ids[target] = (await start(target)).body.id;
    await until(async () => {
      const states = await Promise.all(Object.values(ids).map(state));
      return states.every(({ status }) => status === 'completed');
    }, 20_000);
    const told = await wards.query<{ id: string; user: string }>(
      `select broadcast_id as id, user_id as user from {schema}.notification where broadcast_id is not null`,
    );
    const of = (target: string) => told.filter(({ id }) => id === ids[target]).map(({ user }) => user);
    expect(of('pharmacies')).toEqual([pharmacist.id]);
    expect(of('patients')).toEqual(expect.arrayContaining([patient, ...others].map(({ id }) => id)));
    expect(of('patients')).not.toContain(nurse.id);
    expect(of('all')).toEqual(expect.arrayContaining([admin, nurse, patient, pharmacist].map(({ id }) => id)));
    expect(new Set(of('all')).size).toBe(of('all').length);
    expect(await state(ids['all'] ?? '')).toMatchObject({ recipients: of('all').length });
  });

  it('that is cancelled takes back what was not sent', async () => {
    await wards.query(`update {schema}.notification_settings set quiet_from = '00:00', quiet_until = '23:59'`);
    const { id } = (await start('all')).body;
    await until(async () => (await state(id)).status === 'completed');
    await wards.query(`update {schema}.notification_settings set quiet_until = quiet_from`);
    const before = await state(id);
    expect(before.deliveries.queued).toBeGreaterThan(0);
    const { body } = await post<BroadcastDto>(`/admin/notifications/broadcasts/${id}/cancel`, admin);
    expect(body.deliveries).toMatchObject({ queued: 0, cancelled: before.deliveries.queued });
    expect((await post(`/admin/notifications/broadcasts/${id}/cancel`, admin)).body).toMatchObject({
      code: 'broadcast.finished',
    });
  });
});
