/* Alone: it holds delays of half a second against the clock. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { liveEventsChannel, type HospitalRole } from '@hms/contracts';
import type { Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { TestApi } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { connectTestRedis } from '../../testing/test-redis.js';
import { TestWards } from '../../testing/test-ward.js';
import { startTestWorker } from '../../testing/test-worker.js';
import { until } from '../../testing/until.js';
import type { LiveChange } from './live-change.js';
import { LiveClient } from './testing/live-client.js';

const redis = connectTestRedis();
const clients: LiveClient[] = [];
let api: TestApi;
let relay: INestApplicationContext;
let url: string;
let hospital: Hospital;
let other: Hospital;

beforeAll(async () => {
  [api, relay] = [await TestApi.start(), await startTestWorker([])];
  await api.application.nest.listen(0, '127.0.0.1');
  url = await api.application.nest.getUrl();
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
});

afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

afterAll(async () => {
  await Promise.all([api.close(), relay.close()]);
  redis.disconnect();
  await Promise.all([hospital, other].map(dropTestHospital));
});

async function listen(role: HospitalRole, at: Hospital, wardIds?: string[]): Promise<LiveClient> {
  const { accessToken } = await api.signIn({ hospital: at, role, ...(wardIds ? { wardIds } : {}) });
  const client = new LiveClient(url, { auth: { token: accessToken } });
  clients.push(client);
  return client.ready();
}
const changes = (client: LiveClient): LiveChange[] => client.heard('change') as LiveChange[];
const heard = (client: LiveClient, type: string) => until(() => changes(client).some((change) => change.type === type));
const wardChanged = (hospitalId: string, wardId: string) => ({
  id: uuidv7(),
  type: 'ward.changed',
  hospitalId,
  payload: { id: wardId, version: 2 },
  actorId: null,
  occurredAt: new Date().toISOString(),
});

describe('a change', () => {
  it('committed by the API reaches the sockets of its hospital that may read it, and no other, soon', async () => {
    const [doctor, foreign] = [await listen('doctor', hospital), await listen('doctor', other)];
    const admin = await api.signIn({ hospital, role: 'hospital_admin' });
    const delays: number[] = [];
    for (let n = 0; n < 20; n++) {
      const payload = { code: `W-${n}`, name: 'Ward' };
      const key = { 'idempotency-key': uuidv7() };
      const { status, body } = await api.send<{ id: string }>(
        { method: 'POST', url: '/api/v1/wards', payload, headers: key },
        admin,
      );
      const answeredAt = performance.now();
      expect(status).toBe(201);
      await until(() => changes(doctor).some((change) => 'id' in change.payload && change.payload.id === body.id));
      delays.push(performance.now() - answeredAt);
    }
    expect(delays.toSorted((a, b) => a - b)[18]).toBeLessThan(500);
    expect(changes(doctor)[0]).toEqual({
      id: expect.any(String) as unknown,
      type: 'ward.created',
      at: expect.stringMatching(/Z$/) as unknown,
      payload: { id: expect.any(String) as unknown, version: 1 },
    });
    expect(changes(foreign)).toEqual([]);
  });

  it('on a ward is heard by those who work on it', async () => {
    const wards = new TestWards(hospital);
    const [mine, theirs] = [await wards.ward(), await wards.ward()];
    const [limited, everywhere] = [await listen('nurse', hospital, [mine]), await listen('nurse', hospital)];
    for (const wardId of [theirs, mine]) {
      await redis.publish(liveEventsChannel(hospital.id), JSON.stringify(wardChanged(hospital.id, wardId)));
    }
    await heard(limited, 'ward.changed');
    await until(() => changes(everywhere).length === 2);
    expect(changes(limited)).toMatchObject([{ payload: { id: mine } }]);
  });

  it('is not passed on when the channel of another hospital, or nobody we know, carries it', async () => {
    const client = await listen('doctor', hospital);
    const ward = await new TestWards(hospital).ward();
    const channel = liveEventsChannel(hospital.id);
    for (const message of ['', '{}', JSON.stringify(wardChanged(other.id, ward)), '{"type":"constructor"}']) {
      await redis.publish(channel, message);
    }
    await redis.publish(channel, JSON.stringify(wardChanged(hospital.id, ward)));
    await heard(client, 'ward.changed');
    expect(changes(client)).toHaveLength(1);
  });
});
