import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { vitalsChannel } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import { Redis } from 'ioredis';
import { createApplication, type Application } from '../../application.js';
import { ApiConfig } from '../../platform/config/api-config.js';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import { SeverableRedis } from '../../testing/severable-redis.js';
import { until } from '../../testing/until.js';
import { LiveClient } from './testing/live-client.js';

let issuer: TestApi;
let application: Application;
let url: string;
let cable: SeverableRedis;
let redis: Redis;
let hospital: Hospital;
let wards: TestWards;
let nurse: TestCaller;

beforeAll(async () => {
  issuer = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  nurse = await issuer.signIn({ hospital, role: 'nurse' });
  redis = new Redis(process.env['REDIS_URL'] ?? '');
  cable = new SeverableRedis(process.env['REDIS_URL'] ?? '');
  await cable.plug();
  const env = { ...process.env, NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '1', REDIS_URL: cable.url };
  application = await createApplication(new ApiConfig(env));
  await application.nest.listen(0, '127.0.0.1');
  url = await application.nest.getUrl();
});

afterAll(async () => {
  await issuer.close();
  await cable.pull();
  redis.disconnect();
  await dropTestHospital(hospital);
});

const publish = (wardId: string, position: string) =>
  redis.publish(
    vitalsChannel(hospital.id),
    JSON.stringify({
      wardId,
      updates: [{ patientId: randomUUID(), recordedAt: new Date().toISOString(), values: { spo2: 99 }, position }],
    }),
  );
const connect = (wardId: string) => new LiveClient(url, { auth: { token: nurse.accessToken, wardId } });

describe('without Redis', () => {
  it('screens say so, and have missed nothing once it is back', async () => {
    const ward = await wards.ward();
    const { patientId } = await wards.monitored(ward);
    await wards.latest(patientId, { heartRate: 70 });
    const screen = await connect(ward).ready();
    await publish(ward, 'before');
    await until(() => screen.positions.includes('before'));

    await cable.pull();
    await until(() => screen.heard('interrupted').length > 0);
    const late = await connect(ward).ready();
    await until(() => late.heard('interrupted').length > 0);
    expect(late.updates).toMatchObject([{ patientId, values: { heartRate: 70 } }]);
    await publish(ward, 'lost');
    await wards.latest(patientId, { heartRate: 140 });

    await cable.plug();
    for (const client of [screen, late]) {
      await until(() => client.heard('resync').length > 0);
      const resync = client.events.findIndex(({ name }) => name === 'resync');
      await until(() => client.events.length > resync + 1);
      expect(client.events[resync + 1]).toMatchObject({
        name: 'vitals',
        data: [{ patientId, values: { heartRate: 140 } }],
      });
    }
    await publish(ward, 'after');
    await until(() => screen.positions.includes('after') && late.positions.includes('after'));
    expect(screen.positions).toEqual(['before', 'after']);
    expect(late.positions).toEqual(['after']);
    screen.close();
    late.close();
  }, 20_000);

  it('a screen may begin, and hears of its ward as soon as Redis is there', async () => {
    const ward = await wards.ward();
    await cable.pull();
    const screen = await connect(ward).ready();
    await cable.plug();
    await until(() => screen.heard('resync').length > 0);
    await publish(ward, 'first');
    await until(() => screen.positions.includes('first'));
    screen.close();
  });
});

describe('shutting down', () => {
  it('ends connections and then itself, waiting for nobody who does not answer', async () => {
    const screen = await connect(await wards.ward()).ready();
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toMatch(/^live_connections\{service="api"\} 1$/m);
    const silent = await silentClient();
    const began = Date.now();
    await application.nest.close();
    expect(Date.now() - began).toBeLessThan(3_000);
    await until(() => screen.ended !== undefined && silent.destroyed);
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  });
});

/** Opens a WebSocket and then neither says nor closes anything. */
async function silentClient(): Promise<Socket> {
  const { host, hostname, port } = new URL(url);
  const socket = createConnection(Number(port), hostname);
  socket.write(
    [
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
      `Host: ${host}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
      '\r\n',
    ].join('\r\n'),
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  expect(head.toString()).toContain('101 Switching Protocols');
  return socket.on('error', () => undefined);
}
