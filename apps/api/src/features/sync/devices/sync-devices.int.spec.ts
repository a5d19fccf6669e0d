import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../../testing/test-hospital.js';
import { Synced } from '../testing/synced.js';
import type { SyncDeviceDto, SyncDevicePageDto } from './sync-devices.dto.js';

let api: TestApi;
let hospital: Hospital;
let other: Hospital;
let admin: TestCaller;
let nurse: TestCaller;
let doctor: TestCaller;
let synced: Synced;

beforeAll(async () => {
  api = await TestApi.start();
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
  nurse = await api.signIn({ hospital, role: 'nurse' });
  doctor = await api.signIn({ hospital, role: 'doctor' });
  synced = new Synced(hospital);
});

afterAll(async () => {
  await api.close();
  await Promise.all([hospital, other].map(dropTestHospital));
});

const list = (caller: TestCaller, path = '/sync/devices', query: Record<string, string> = {}) =>
  api.send<SyncDevicePageDto>({ method: 'GET', url: `/api/v1${path}`, query }, caller);
const revoke = (caller: TestCaller, path: string, wipe: unknown = false) =>
  api.send<SyncDeviceDto>({ method: 'POST', url: `/api/v1${path}/revocation`, payload: { wipe } }, caller);
const idsOf = ({ body }: { body: SyncDevicePageDto }) => body.items.map(({ id }) => id);

describe('devices that sync', () => {
  it('are shown with whose they are and how far they have come', async () => {
    const id = await synced.device(nurse.id, { app: 'hms/1.4', last_seq: 42, seen_at: '2026-02-01T08:00:00Z' });
    const { body } = await list(admin, '/sync/devices', { userId: nurse.id });
    expect(body.items).toEqual([
      {
        id,
        user: { id: nurse.id, displayName: 'Test nurse' },
        name: 'Tablet 3',
        app: 'hms/1.4',
        registeredAt: expect.any(String) as unknown,
        seenAt: '2026-02-01T08:00:00.000Z',
        lastSeq: 42,
        revokedAt: null,
        wipe: false,
      },
    ]);
  });

  it('are paged without a gap, and none of another hospital or user is among them', async () => {
    const stranger = await api.signIn({ hospital: other, role: 'hospital_admin' });
    const theirs = await new Synced(other).device(stranger.id);
    const own = await synced.device(doctor.id);
    expect(idsOf(await list(stranger))).toEqual([theirs]);
    expect(idsOf(await list(doctor, '/me/sync/devices'))).toEqual([own]);
    const whole = idsOf(await list(admin));
    expect(whole).toContain(own);
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await list(admin, '/sync/devices', { limit: '1', ...(cursor ? { cursor } : {}) });
      seen.push(...idsOf(page));
      cursor = page.body.nextCursor;
    }
    expect(seen).toEqual(whole);
  });

  it('are supervised by administrators only', async () => {
    expect((await list(doctor)).status).toBe(403);
    expect((await list(admin, '/me/sync/devices')).status).toBe(403);
  });
});

describe('a lost device', () => {
  it('is revoked by its user, and wiped if they say so', async () => {
    const id = await synced.device(nurse.id);
    const { status, body } = await revoke(nurse, `/me/sync/devices/${id}`, true);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id, wipe: true, revokedAt: expect.any(String) as unknown });
  });

  it('is revoked by an administrator, whosever it is', async () => {
    const id = await synced.device(nurse.id);
    expect((await revoke(admin, `/sync/devices/${id}`)).body).toMatchObject({ id, wipe: false });
  });

  it('stays revoked since then, and wiped', async () => {
    const id = await synced.device(nurse.id);
    const { revokedAt } = (await revoke(admin, `/sync/devices/${id}`, true)).body;
    expect(revokedAt).not.toBeNull();
    expect((await revoke(admin, `/sync/devices/${id}`, false)).body).toMatchObject({ revokedAt, wipe: true });
  });

  it('of somebody else is nobody else’s to revoke', async () => {
    const id = await synced.device(nurse.id);
    const stranger = await api.signIn({ hospital: other, role: 'hospital_admin' });
    for (const answer of [
      await revoke(doctor, `/me/sync/devices/${id}`),
      await revoke(stranger, `/sync/devices/${id}`),
      await revoke(admin, `/sync/devices/${nurse.id}`),
    ]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'sync-device.not-found' } });
    }
    const devices = (await list(admin)).body.items;
    expect(devices.find((device) => device.id === id)).toMatchObject({ revokedAt: null });
    expect((await revoke(doctor, `/sync/devices/${id}`)).status).toBe(403);
  });

  it('is wiped only if that is said', async () => {
    const id = await synced.device(nurse.id);
    expect(await revoke(admin, `/sync/devices/${id}`, 'yes')).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'wipe' }] },
    });
  });
});
