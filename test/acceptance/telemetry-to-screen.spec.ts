import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { io, type Socket } from 'socket.io-client';
import { ask, eventually, sendTelemetry, signIn } from './support/client.js';
import { baseUrl, firstDevice, hospitalA, hospitalB, required } from './support/stack.js';

interface Update {
  readonly patientId: string;
  readonly recordedAt: string;
  readonly values: Readonly<Record<string, number>>;
}

const device = firstDevice(hospitalA);
const replica = new pg.Client({ connectionString: required('DATABASE_REPLICA_DIRECT_URL') });
const sockets: Socket[] = [];
let nurse: string;

beforeAll(async () => {
  nurse = await signIn(hospitalA, 'nurse');
  await replica.connect();
});

afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await replica.end();
});

/** Connects and waits for the snapshot; `seen` collects what comes afterwards. */
async function watch(token: string, wardId?: string): Promise<Update[]> {
  const socket = io(`${baseUrl}/live`, { auth: { token, wardId }, transports: ['websocket'], forceNew: true });
  sockets.push(socket);
  const seen: Update[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.once('vitals', () => resolve());
    socket.once('connect_error', reject);
  });
  socket.on('vitals', (updates: Update[]) => seen.push(...updates));
  return seen;
}

const reading = (values: object, at = new Date()) => ({ readings: [{ d: device.id, t: at.toISOString(), ...values }] });

describe("a gateway's vitals", () => {
  it('reach the screen of the ward, the API and the replica', async () => {
    const seen = await watch(nurse, device.wardId);
    const at = new Date();
    const { status, body } = await sendTelemetry(hospitalA.gatewayKey, reading({ hr: 137, spo2: 91 }, at));
    expect({ status, body }).toMatchObject({ status: 200, body: { accepted: 1, rejectedTotal: 0 } });

    const mine = (updates: readonly Update[]) =>
      updates.some((u) => u.patientId === device.patientId && u.values['heartRate'] === 137);
    await eventually(() => Promise.resolve(seen), mine, 2_000);

    const latest = await eventually(
      () => ask(`/api/v1/patients/${device.patientId}/vitals/latest`, { token: nurse }),
      ({ body }) => JSON.stringify(body).includes('137'),
      5_000,
    );
    expect(latest.status).toBe(200);

    const stored = await eventually(
      () =>
        replica.query(
          `select heart_rate, spo2 from hospital_${hospitalA.slug}.vitals where patient_id = $1 and recorded_at = $2`,
          [device.patientId, at],
        ),
      ({ rowCount }) => rowCount === 1,
      5_000,
    );
    expect(stored.rows).toEqual([{ heart_rate: 137, spo2: 91 }]);
  });

  it('reach it in line protocol and as lines of JSON too, as gateways send them', async () => {
    const at = Date.now() - 120_000;
    const send = (path: string, type: string, body: string, credential: string) =>
      fetch(`${baseUrl}${path}`, {
        method: 'POST',
        headers: { 'content-type': type, authorization: `${credential} ${hospitalA.gatewayKey}` },
        body,
      });
    const line = `vitals,device=${device.id} hr=81i ${at}`;
    const lines = await send(`/api/v2/write?org=${hospitalA.slug}&bucket=b&precision=ms`, 'text/plain', line, 'Token');
    const json = JSON.stringify({ d: device.id, t: at, spo2: 96 });
    const ndjson = await send('/telemetry', 'application/x-ndjson', `${json}\n`, 'Bearer');
    expect([lines.status, ndjson.status, await ndjson.json()]).toMatchObject([204, 200, { duplicates: 1 }]);
    expect((await fetch(`${baseUrl}/ping`)).headers.get('x-influxdb-version')).toBe('2.7-compat');
  });

  it('never reach another hospital', async () => {
    const theirs = await watch(await signIn(hospitalB, 'nurse'));
    const ours = await watch(nurse, device.wardId);
    await sendTelemetry(hospitalA.gatewayKey, reading({ hr: 138 }));
    await eventually(
      () => Promise.resolve(ours),
      (updates) => updates.some((u) => u.values['heartRate'] === 138),
      2_000,
    );
    expect(theirs.filter((u) => u.patientId === device.patientId)).toEqual([]);
  });

  it('are stored once and answered alike when the same batch arrives three times at once', async () => {
    const at = new Date(Date.now() - 60_000);
    const batch = { batch: crypto.randomUUID(), ...reading({ hr: 71 }, at) };
    const answers = await Promise.all([1, 2, 3].map(() => sendTelemetry(hospitalA.gatewayKey, batch)));
    expect(new Set(answers.map((a) => JSON.stringify([a.status, a.body]))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 200, body: { accepted: 1 } });
    const count = () =>
      replica.query<{ n: number }>(
        `select count(*)::int as n from hospital_${hospitalA.slug}.vitals where patient_id = $1 and recorded_at = $2`,
        [device.patientId, at],
      );
    const { rows } = await eventually(count, (result) => (result.rows[0]?.n ?? 0) > 0, 5_000);
    expect(rows).toEqual([{ n: 1 }]);
  });
});

describe('telemetry that is wrong', () => {
  const t = new Date().toISOString();
  const d = device.id;
  const foreign = firstDevice(hospitalB).id;
  it.each([
    ['bad JSON', '{"readings":', 400, 'request.malformed'],
    ['a device of another hospital', { readings: [{ d: foreign, t, hr: 70 }] }, 422, 'telemetry.unknown-device'],
    ['an unknown code', { readings: [{ d, t, heartbeat: 70 }] }, 422, 'telemetry.unknown-code'],
    [
      'a time in the future',
      { readings: [{ d, t: new Date(Date.now() + 3_600_000).toISOString(), hr: 70 }] },
      422,
      'telemetry.future-time',
    ],
    ['a time without a zone', { readings: [{ d, t: '2026-01-01T08:00:00', hr: 70 }] }, 422, 'telemetry.missing-zone'],
    [
      'too many readings',
      { cols: ['d', 't', 'hr'], rows: Array.from({ length: 5_001 }, () => [d, t, 70]) },
      422,
      'telemetry.too-many-readings',
    ],
    ['five megabytes', ' '.repeat(5 * 1024 * 1024), 413, 'body.too-large'],
  ])('is refused with its own code: %s', async (_, body, status, code) => {
    expect(await sendTelemetry(hospitalA.gatewayKey, body)).toMatchObject({ status, body: { code } });
  });

  it('is refused without a key and with a wrong one, before the body is read', async () => {
    for (const key of [`dk_aaaaaaaaaaaa_${'A'.repeat(43)}`, 'nonsense', nurse]) {
      expect(await sendTelemetry(key, '{"broken')).toMatchObject({
        status: 401,
        body: { code: 'auth.unauthenticated' },
      });
    }
    expect((await ask('/telemetry', { body: '{"broken' })).status).toBe(401);
  });
});

describe('a gateway key', () => {
  it('stops working within 5 seconds of being revoked', async () => {
    const admin = await signIn(hospitalA, 'hospital_admin');
    const { body: gateway } = await ask<{ id: string }>('/api/v1/gateways', {
      token: admin,
      body: { name: `Gateway ${crypto.randomUUID().slice(0, 8)}` },
    });
    const { body: created } = await ask<{ key: string; keyId: string }>(`/api/v1/gateways/${gateway.id}/keys`, {
      token: admin,
      body: {},
    });
    const post = () => sendTelemetry<{ code?: string }>(created.key, reading({ hr: 70 }));
    // Known, though the device belongs to another gateway.
    expect((await post()).body.code).toBe('telemetry.foreign-device');
    const revoked = await ask(`/api/v1/gateways/${gateway.id}/keys/${created.keyId}`, {
      method: 'DELETE',
      token: admin,
    });
    expect(revoked.status).toBe(204);
    await eventually(post, ({ status }) => status === 401, 5_000);
  });
});
