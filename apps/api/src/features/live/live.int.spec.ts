import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { accessTokenLifetimeSeconds } from '@hms/auth';
import { vitalsChannel, type HospitalRole, type VitalsUpdate } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import { Redis } from 'ioredis';
import { auditRows } from '../../testing/audit-rows.js';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import { until } from '../../testing/until.js';
import { LiveClient, type LiveClientOptions } from './testing/live-client.js';
import { PollingSession } from './testing/polling-session.js';

let api: TestApi;
let url: string;
let redis: Redis;
let hospital: Hospital;
let other: Hospital;
let wards: TestWards;
const clients: LiveClient[] = [];

beforeAll(async () => {
  api = await TestApi.start();
  await api.application.nest.listen(0, '127.0.0.1');
  url = await api.application.nest.getUrl();
  redis = new Redis(process.env['REDIS_URL'] ?? '');
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
  wards = new TestWards(hospital);
});

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

afterAll(async () => {
  await api.close();
  redis.disconnect();
  await Promise.all([hospital, other].map(dropTestHospital));
});

const open = (options: LiveClientOptions): LiveClient => {
  const client = new LiveClient(url, options);
  clients.push(client);
  return client;
};
const watch = ({ accessToken }: { accessToken: string }, wardId?: string) =>
  open({ auth: { token: accessToken, ...(wardId === undefined ? {} : { wardId }) } });
const signIn = (role: HospitalRole, wardIds?: string[], at = hospital) =>
  api.signIn({ hospital: at, role, ...(wardIds ? { wardIds } : {}) });

/** Publishes as ingest does. */
const publish = (at: Hospital, wardId: string, updates: Partial<VitalsUpdate>[]) =>
  redis.publish(
    vitalsChannel(at.id),
    JSON.stringify({
      wardId,
      updates: updates.map((update) => ({
        patientId: randomUUID(),
        recordedAt: new Date().toISOString(),
        values: { heartRate: 72 },
        position: randomUUID(),
        ...update,
      })),
    }),
  );

describe('connecting', () => {
  it.each([
    ['live.handshake-invalid', 'no token', {}],
    ['live.handshake-invalid', 'a token that is no text', { token: 5 }],
    ['live.handshake-invalid', 'a ward that is no id', { token: 'x', wardId: 'x' }],
    ['auth.unauthenticated', 'a token nobody issued', { token: 'x' }],
    ['auth.unauthenticated', 'a very long token', { token: 'x'.repeat(4_000) }],
  ])('is refused with %s for %s', async (code, _, auth) => {
    expect(await open({ auth }).refusedWith()).toBe(code);
  });

  it('is for the staff of a hospital', async () => {
    expect(await watch(await signIn('patient')).refusedWith()).toBe('auth.forbidden');
    expect(await watch(await api.signIn({ hospital: null, role: 'super_admin' })).refusedWith()).toBe('auth.forbidden');
    for (const role of ['doctor', 'nurse'] as const) await watch(await signIn(role)).ready();
  });

  it('shows vitals to those who may read them, and to none of the others who listen', async () => {
    const ward = await wards.ward();
    const [nurse, desk, narrowed] = [
      await watch(await signIn('nurse')).ready(),
      await watch(await signIn('receptionist')).ready(),
      await watch(await signIn('receptionist'), ward).ready(),
    ];
    await publish(hospital, ward, [{ patientId: await wards.patient(), position: '1-shown' }]);
    await until(() => nurse.positions.includes('1-shown'));
    expect([...desk.updates, ...narrowed.updates]).toEqual([]);
  });

  it('is refused for a ward of somebody else, of another hospital, or of nobody', async () => {
    const [mine, theirs] = [await wards.ward(), await wards.ward()];
    const foreign = await new TestWards(other).ward();
    const limited = await signIn('nurse', [mine]);
    const anywhere = await signIn('doctor');
    await watch(limited, mine).ready();
    await watch(anywhere, theirs).ready();
    for (const client of [watch(limited, theirs), watch(anywhere, foreign), watch(anywhere, randomUUID())]) {
      expect(await client.refusedWith()).toBe('live.ward-not-found');
    }
  });

  it('takes no page of another origin, whatever its token', async () => {
    const { accessToken } = await signIn('nurse');
    const auth = { token: accessToken };
    for (const transports of [['websocket'], ['polling']]) {
      const refused = open({ auth, transports, headers: { origin: 'https://evil.example' } });
      await until(() => refused.refusal !== undefined);
      await open({ auth, transports, headers: { origin: new URL(process.env['PUBLIC_URL'] ?? '').origin } }).ready();
    }
  });

  it('to no namespace gives nothing', async () => {
    const { accessToken } = await signIn('nurse');
    expect(await open({ namespace: '/', auth: { token: accessToken } }).refusedWith()).toBe('Connect to a namespace');
    expect(await open({ namespace: '/admin', auth: { token: accessToken } }).refusedWith()).toBe('Invalid namespace');
  });
});

describe('a screen', () => {
  it('begins with what is known and goes on with what is new', async () => {
    const ward = await wards.ward();
    const { patientId } = await wards.monitored(ward);
    await wards.latest(patientId, { heartRate: 70, spo2: 97 });
    const client = await watch(await signIn('nurse'), ward).ready();
    expect(client.updates).toMatchObject([{ patientId, values: { heartRate: 70, spo2: 97 }, position: '0' }]);
    const update = { patientId, values: { heartRate: 71 }, position: '1' };
    await publish(hospital, ward, [update]);
    await until(() => client.positions.length > 0);
    expect(client.updates.at(-1)).toMatchObject(update);
  });

  it('leaves one row in the audit: who joined which ward, and whose vitals were shown', async () => {
    const ward = await wards.ward();
    const { patientId } = await wards.monitored(ward);
    await wards.latest(patientId, { heartRate: 70 });
    const nurse = await signIn('nurse');
    await watch(nurse, ward).ready();
    expect(await auditRows(hospital, nurse.id)).toMatchObject([
      { action: 'read', entity: 'live-vitals', entity_ids: [ward], patient_ids: [patientId], ip: '127.0.0.1' },
    ]);
  });

  it('leaves one row more for whoever comes later, before it is shown', async () => {
    const [ward, later] = [await wards.ward(), [randomUUID(), randomUUID()]];
    const nurse = await signIn('nurse');
    const client = await watch(nurse, ward).ready();
    const recorded = async () => (await auditRows(hospital, nurse.id)).map(({ patient_ids }) => patient_ids);
    for (const [i, patientId] of later.entries()) {
      await publish(hospital, ward, [{ patientId, position: `${String(i)}-first` }]);
      await until(() => client.positions.includes(`${String(i)}-first`));
      expect(await recorded()).toEqual([[], ...later.slice(0, i + 1).map((id) => [id])]);
    }
    const again = Array.from({ length: 20 }, (_, i) => `again-${String(i)}`);
    for (const position of again)
      await publish(
        hospital,
        ward,
        later.map((patientId) => ({ patientId, position })),
      );
    await until(() => client.positions.length === 2 + 2 * again.length);
    expect(client.positions.slice(2)).toEqual(again.flatMap((position) => [position, position]));
    expect(await recorded()).toHaveLength(3);
  });

  it('is told a second later what was published before its snapshot knew', async () => {
    const ward = await wards.ward();
    const { patientId } = await wards.monitored(ward);
    const client = await watch(await signIn('nurse'), ward).ready();
    expect(client.updates).toEqual([]);
    await wards.latest(patientId, { systolic: 120 });
    await until(() => client.updates.length > 0);
    expect(client.updates).toMatchObject([{ patientId, values: { systolic: 120 } }]);
    expect(client.heard('resync')).toEqual([]);
  });

  it('hears of its wards, and of no other and of no other hospital', async () => {
    const [one, two, three] = [await wards.ward(), await wards.ward(), await wards.ward()];
    const foreignWard = await new TestWards(other).ward();
    const screens = {
      first: watch(await signIn('nurse', [one, two]), one),
      limited: watch(await signIn('nurse', [one, two])),
      all: watch(await signIn('doctor')),
      foreign: watch(await signIn('doctor', undefined, other)),
    };
    for (const client of Object.values(screens)) await client.ready();
    // Known to all, so that nothing waits for its row in the audit.
    const patientId = randomUUID();
    await publish(hospital, one, [{ patientId, position: 'known' }]);
    await publish(other, foreignWard, [{ patientId, position: 'known' }]);
    for (const client of Object.values(screens)) await until(() => client.positions.includes('known'));
    await publish(hospital, one, [{ patientId, position: '1' }]);
    await publish(hospital, two, [{ patientId, position: '2' }]);
    await publish(hospital, three, [{ patientId, position: '3' }]);
    // The same ward under the name of another hospital is not the same ward.
    await publish(other, one, [{ patientId, position: 'x' }]);
    // What each hears last: Redis and the sockets keep the order, so nothing can be on its way any more.
    await publish(hospital, one, [{ patientId, position: 'end' }]);
    await publish(other, foreignWard, [{ patientId, position: 'end' }]);
    for (const client of Object.values(screens)) await until(() => client.positions.includes('end'));
    expect(screens.first.positions).toEqual(['known', '1', 'end']);
    expect(screens.limited.positions).toEqual(['known', '1', '2', 'end']);
    expect(screens.all.positions).toEqual(['known', '1', '2', '3', 'end']);
    expect(screens.foreign.positions).toEqual(['known', 'x', 'end']);
  });

  it('survives what ingest would never publish', async () => {
    const ward = await wards.ward();
    const client = await watch(await signIn('nurse'), ward).ready();
    for (const message of ['', 'null', '[]', '{"wardId":1}', '{"wardId":"x","updates":[{}]}']) {
      await redis.publish(vitalsChannel(hospital.id), message);
    }
    await publish(hospital, ward, [{ position: 'end' }]);
    await until(() => client.positions.includes('end'));
    expect(client.positions).toEqual(['end']);
  });

  it('works without WebSocket too', async () => {
    const ward = await wards.ward();
    const { accessToken } = await signIn('nurse');
    const client = open({ auth: { token: accessToken, wardId: ward }, transports: ['polling'] });
    await client.ready();
    await publish(hospital, ward, [{ position: '1' }]);
    await until(() => client.positions.includes('1'));
  });
});

describe('a connection', () => {
  const lifetime = accessTokenLifetimeSeconds * 1_000;
  const expiringIn = async (caller: TestCaller, ms: number) => ({
    accessToken: await api.tokenFor(caller, { hospital, role: 'nurse' }, new Date(Date.now() - lifetime + ms)),
  });

  it('is told that its token expired, and ends within 10 s when no new one comes', async () => {
    const nurse = await signIn('nurse');
    const expiresAt = Date.now() + 1_000;
    const [client, renewing] = [watch(await expiringIn(nurse, 1_000)), watch(await expiringIn(nurse, 1_000))];
    await Promise.all([client.ready(), renewing.ready()]);
    await until(() => renewing.heard('expired').length > 0);
    expect(renewing.heard('expired')).toEqual([{ code: 'live.token-expired' }]);
    const answer = (await renewing.socket.emitWithAck('refresh', { token: nurse.accessToken })) as unknown;
    expect(answer).toEqual({ expiresAt: expect.stringMatching(/Z$/) as unknown });
    await until(() => client.ended !== undefined, 12_000);
    expect(Date.now() - expiresAt).toBeLessThan(10_000);
    expect(client.heard('expired')).toEqual([{ code: 'live.token-expired' }]);
    expect(renewing.ended).toBeUndefined();
  }, 20_000);

  const endsWithin5s = async (client: LiveClient, code: string, change: () => Promise<unknown>) => {
    await client.ready();
    await change();
    const changedAt = Date.now();
    await until(() => client.ended !== undefined);
    expect(Date.now() - changedAt).toBeLessThan(5_000);
    expect(client.heard('expired')).toEqual([{ code }]);
    expect(client.ended).toBe('io server disconnect');
  };
  const sql = (statement: string, ...parameters: unknown[]) => asOwner((owner) => owner.query(statement, parameters));

  it('ends within 5 s of the session, the role, the wards or the user it stands on', async () => {
    const [ward, another] = [await wards.ward(), await wards.ward()];
    const [a, b, c, d, e] = [
      await signIn('nurse'),
      await signIn('nurse'),
      await signIn('nurse', [ward]),
      await signIn('nurse'),
      await signIn('nurse'),
    ];
    const untouched = await watch(e).ready();
    await Promise.all([
      endsWithin5s(watch(a), 'live.session-ended', () =>
        sql(`update public.session set revoked_at = now(), revoke_reason = 'logout' where id = $1`, a.sessionId),
      ),
      endsWithin5s(watch(b), 'live.access-changed', () =>
        sql(`update public.membership set role = 'receptionist' where user_id = $1`, b.id),
      ),
      endsWithin5s(watch(c), 'live.access-changed', () =>
        sql('update public.membership set ward_ids = $2 where user_id = $1', c.id, [ward, another]),
      ),
      endsWithin5s(watch(d), 'live.session-ended', () =>
        sql(`update public.app_user set status = 'disabled' where id = $1`, d.id),
      ),
    ]);
    expect(untouched.ended).toBeUndefined();
  }, 15_000);

  it('refreshes with a token of its own session only', async () => {
    const [nurse, colleague] = [await signIn('nurse'), await signIn('nurse')];
    const client = await watch(nurse).ready();
    const refresh = (body: unknown) => client.socket.emitWithAck('refresh', body) as Promise<unknown>;
    expect(await refresh({ token: colleague.accessToken })).toMatchObject({ problem: { code: 'live.other-session' } });
    expect(await refresh({ token: 'x' })).toMatchObject({ problem: { code: 'auth.unauthenticated' } });
    expect(await refresh({ token: nurse.accessToken })).toHaveProperty('expiresAt');
  });

  it.each([
    ['request.invalid', ['refresh']],
    ['request.invalid', ['refresh', null]],
    ['request.invalid', ['refresh', 5]],
    ['request.invalid', ['refresh', [1, 2]]],
    ['request.invalid', ['refresh', { token: 1 }]],
    ['request.invalid', ['refresh', { token: 'x', more: 1 }]],
    ['live.unknown-event', ['join', 'h:x:ward:y']],
    ['live.unknown-event', ['constructor', {}]],
    ['live.unknown-event', ['vitals', Buffer.from('x')]],
  ])('answers %s to %j and lives on', async (code, [event, ...data]) => {
    const client = await watch(await signIn('nurse')).ready();
    client.socket.emit(event as string, ...(data as unknown[]));
    await until(() => client.heard('exception').length > 0);
    expect(client.heard('exception')).toMatchObject([{ code, requestId: client.socket.id }]);
    expect(client.ended).toBeUndefined();
  });

  it('ends when it is flooded, by number or by size', async () => {
    const nurse = await signIn('nurse');
    const [talker, shouter] = [await watch(nurse).ready(), await watch(nurse).ready()];
    for (let i = 0; i < 40; i++) talker.socket.emit('join', i);
    shouter.socket.emit('refresh', { token: 'x'.repeat(20_000) });
    await until(() => talker.ended !== undefined && shouter.ended !== undefined);
    expect(talker.heard('exception').at(-1)).toMatchObject({ code: 'live.too-many-events' });
    expect((await api.send({ method: 'GET', url: '/healthz' })).status).toBe(200);
  });
});

describe('a client that does not read', () => {
  it('costs no memory, and is brought up to date when it reads again', async () => {
    const ward = await wards.ward();
    const { patientId } = await wards.monitored(ward);
    await wards.latest(patientId, { heartRate: 70 });
    const { accessToken } = await signIn('nurse');
    const session = await PollingSession.open(url, { token: accessToken, wardId: ward });
    await session.readUntil((packets) => packets.some((packet) => packet.includes('"vitals"')));
    const reader = await watch({ accessToken }, ward).ready();
    // The repetition of the snapshot must not come in between.
    await session.readUntil((packets) => packets.some((packet) => packet.includes('"vitals"')));
    await wards.latest(patientId, { heartRate: 200 });
    for (let i = 1; i <= 500; i++) await publish(hospital, ward, [{ patientId, position: String(i) }]);
    await until(() => reader.positions.length === 500);
    const packets = await session.readUntil((seen) => seen.some((packet) => packet.includes('"heartRate":200')));
    const names = packets.map((packet) => /\["(\w+)"/.exec(packet)?.[1]);
    expect(names.indexOf('resync')).toBeGreaterThan(0);
    expect(names.indexOf('resync')).toBeLessThan(80);
  }, 15_000);
});
