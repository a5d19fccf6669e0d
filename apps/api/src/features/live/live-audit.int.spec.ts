import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { vitalsChannel } from '@hms/contracts';
import { schemaOf, type Hospital } from '@hms/database';
import { Redis } from 'ioredis';
import type pg from 'pg';
import { AuditTrail } from '../../platform/audit/audit-trail.service.js';
import { TestApi } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import { until } from '../../testing/until.js';
import { LiveClient } from './testing/live-client.js';

interface Screen {
  readonly hospital: Hospital;
  readonly wards: TestWards;
  readonly ward: string;
  readonly client: LiveClient;
  /** Whose vitals it began with. */
  readonly known: string;
}

let api: TestApi;
let redis: Redis;
const hospitals: Hospital[] = [];
const clients: LiveClient[] = [];

beforeAll(async () => {
  api = await TestApi.start();
  await api.application.nest.listen(0, '127.0.0.1');
  redis = new Redis(process.env['REDIS_URL'] ?? '');
});

afterAll(async () => {
  for (const client of clients) client.close();
  await api.close();
  redis.disconnect();
  await Promise.all(hospitals.map(dropTestHospital));
});

async function screen(): Promise<Screen> {
  const hospital = await createTestHospital();
  hospitals.push(hospital);
  const wards = new TestWards(hospital);
  const ward = await wards.ward();
  const { patientId: known } = await wards.monitored(ward);
  await wards.latest(known, { heartRate: 70 });
  const { accessToken } = await api.signIn({ hospital, role: 'nurse' });
  const url = await api.application.nest.getUrl();
  const client = await new LiveClient(url, { auth: { token: accessToken, wardId: ward } }).ready();
  clients.push(client);
  return { hospital, wards, ward, client, known };
}

const publish = ({ hospital, ward }: Screen, patientId: string, position: string) =>
  redis.publish(
    vitalsChannel(hospital.id),
    JSON.stringify({
      wardId: ward,
      updates: [{ patientId, recordedAt: new Date().toISOString(), values: { heartRate: 72 }, position }],
    }),
  );

const auditLock = (owner: pg.Client, { hospital }: Screen) =>
  owner.query(`begin; lock table ${schemaOf(hospital.slug)}.audit_event in access exclusive mode`);

it('while a hospital cannot record who is shown, nothing of it piles up, comes late or holds up another', async () => {
  const [held, free] = [await screen(), await screen()];
  const { patientId: later } = await held.wards.monitored(held.ward);
  await held.wards.latest(later, { heartRate: 140 });
  const record = jest.spyOn(api.application.nest.get(AuditTrail), 'record');
  const attempts = () => record.mock.calls.filter(([, party]) => party.hospitalId === held.hospital.id).length;

  await asOwner(async (owner) => {
    await auditLock(owner, held);
    await publish(held, later, 'first');
    await until(() => attempts() > 0);
    await expect(record.mock.results[0]?.value).rejects.toThrow();
    for (let i = 0; i < 200; i += 1) await publish(held, later, `late-${String(i)}`);
    await publish(held, held.known, 'known');
    await until(() => held.client.positions.includes('known'));

    await until(() => attempts() > 1);
    const startedAt = Date.now();
    await publish(free, randomUUID(), 'new');
    await until(() => free.client.positions.includes('new'));
    expect(Date.now() - startedAt).toBeLessThan(1_500);
    expect(attempts()).toBeLessThan(5);
    await owner.query('rollback');
  });

  await until(() => held.client.updates.some(({ patientId }) => patientId === later));
  expect(held.client.heard('resync')).toHaveLength(1);
  expect(held.client.positions).toEqual(['known']);
  expect(held.client.updates.at(-1)).toMatchObject({ patientId: later, values: { heartRate: 140 }, position: '0' });
  await publish(held, later, 'live again');
  await until(() => held.client.positions.includes('live again'));
  record.mockRestore();
}, 45_000);

it('while the row of a snapshot is written, another hospital is given its own', async () => {
  const [held, free] = [await screen(), await screen()];
  const trail = api.application.nest.get(AuditTrail);
  const original = trail.record.bind(trail);
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const once = new Set<string>([held.hospital.id, free.hospital.id]);
  let waits = false;
  const record = jest.spyOn(trail, 'record').mockImplementation(async (entry, party, source) => {
    if (party.hospitalId !== undefined && once.delete(party.hospitalId)) throw new Error('not now');
    if (party.hospitalId === held.hospital.id) {
      waits = true;
      await released;
    }
    await original(entry, party, source);
  });
  const { patientId: later } = await held.wards.monitored(held.ward);
  await held.wards.latest(later, { heartRate: 140 });
  // What could not be shown is made good by a snapshot.
  await publish(held, later, 'lost');
  await until(() => waits);
  await publish(free, randomUUID(), 'lost');
  await until(() => free.client.heard('resync').length > 0);
  expect(held.client.updates.some(({ patientId }) => patientId === later)).toBe(false);
  release();
  await until(() => held.client.updates.some(({ patientId }) => patientId === later));
  record.mockRestore();
}, 45_000);
