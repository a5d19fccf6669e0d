import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashSecret, parseGatewayKey } from '@hms/auth';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import type { DeviceDto, DevicePageDto } from './devices.dto.js';
import type {
  GatewayDto,
  GatewayKeysDto,
  GatewayPageDto,
  NewGatewayKeyDto,
  RotatedGatewayKeyDto,
} from './gateways.dto.js';

let api: TestApi;
let hospital: Hospital;
let other: Hospital;
let wards: TestWards;
let admin: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
  wards = new TestWards(hospital);
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
});

afterAll(async () => {
  await api.close();
  await Promise.all([hospital, other].map(dropTestHospital));
});

interface Refusal {
  readonly code: string;
  readonly errors?: { field: string }[];
}
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';
const send = <T = Refusal>(method: Method, url: string, payload?: object, caller = admin) =>
  api.send<T>(
    { method, url: `/api/v1${url}`, headers: { 'if-match': '"1"' }, ...(payload ? { payload } : {}) },
    caller,
  );
const newGateway = async () => (await send<GatewayDto>('POST', '/gateways', { name: crypto.randomUUID() })).body;
const epoch = async () =>
  Number(
    (
      await wards.query<{ epoch: string }>('select epoch from public.ingest_epoch where hospital_id = $1', [
        hospital.id,
      ])
    ).at(0)?.epoch ?? 0,
  );

describe('a gateway', () => {
  it('is created, renamed and disabled under its version', async () => {
    const gateway = await newGateway();
    expect(gateway).toMatchObject({ status: 'active', serviceClass: 'standard', version: 1 });
    const disabled = await send<GatewayDto>('PATCH', `/gateways/${gateway.id}`, { status: 'disabled' });
    expect(disabled.body).toEqual({ ...gateway, status: 'disabled', version: 2, updatedAt: disabled.body.updatedAt });
    const critical = await send<GatewayDto>('POST', '/gateways', {
      name: crypto.randomUUID(),
      serviceClass: 'critical',
    });
    expect(critical.body.serviceClass).toBe('critical');
    expect((await send('PATCH', `/gateways/${gateway.id}`, { name: 'late' })).status).toBe(412);
    expect((await send('POST', '/gateways', { name: gateway.name })).body.code).toBe('gateway.name-taken');
  });

  it('is seen by its own hospital only', async () => {
    const gateway = await newGateway();
    const stranger = await api.signIn({ hospital: other, role: 'hospital_admin' });
    expect((await send<GatewayPageDto>('GET', '/gateways', undefined, stranger)).body.items).toEqual([]);
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['GET', '/keys'],
      ['POST', '/keys'],
      ['POST', '/keys/rotate'],
    ] as const) {
      const answer = await send(method, `/gateways/${gateway.id}${path}`, method === 'GET' ? undefined : {}, stranger);
      expect(answer).toMatchObject({ status: 404, body: { code: 'gateway.not-found' } });
    }
  });
});

describe('a gateway key', () => {
  const keysOf = async (id: string) => (await send<GatewayKeysDto>('GET', `/gateways/${id}/keys`)).body.items;
  const create = async (id: string) => (await send<NewGatewayKeyDto>('POST', `/gateways/${id}/keys`)).body;
  const rotate = async (id: string, body?: object) =>
    (await send<RotatedGatewayKeyDto>('POST', `/gateways/${id}/keys/rotate`, body)).body;

  it('is shown once and stored as a hash', async () => {
    const { id } = await newGateway();
    const { key, keyId } = await create(id);
    const parsed = parseGatewayKey(key);
    expect(parsed?.keyId).toBe(keyId);
    const [row] = await wards.query<{ secret_hash: Buffer }>(
      'select secret_hash from public.gateway_key where key_id = $1',
      [keyId],
    );
    expect(row?.secret_hash).toEqual(hashSecret(parsed?.secret ?? ''));
    const listed = await keysOf(id);
    expect(listed).toMatchObject([{ keyId, state: 'active', expiresAt: null, revokedAt: null }]);
    expect(JSON.stringify(listed)).not.toContain(parsed?.secret);
  });

  it('overlaps with the one that replaces it, as long as asked and no longer', async () => {
    const { id } = await newGateway();
    const [first, second] = [await create(id), await create(id)];
    const before = Date.now();
    const { keyId, replaced } = await rotate(id, { overlapSeconds: 600 });
    expect(replaced.map((key) => key.keyId).sort()).toEqual([first.keyId, second.keyId].sort());
    for (const key of replaced) {
      expect(key.state).toBe('expiring');
      const end = Date.parse(key.expiresAt ?? '');
      expect(end).toBeGreaterThanOrEqual(before + 600_000);
      expect(end).toBeLessThanOrEqual(Date.now() + 600_000);
    }
    // A later, longer overlap never gives an old key more time.
    const again = await rotate(id);
    const ends = new Map(again.replaced.map((key) => [key.keyId, key.expiresAt]));
    expect(ends.get(first.keyId)).toBe(replaced[0]?.expiresAt);
    expect(Date.parse(ends.get(keyId) ?? '')).toBeGreaterThan(before + 86_000_000);
    expect((await rotate(id, { overlapSeconds: 0 })).replaced.map((key) => key.state)).toEqual(
      Array(4).fill('expired'),
    );
    expect((await keysOf(id)).filter((key) => key.state === 'active')).toHaveLength(1);
  });

  it('leaves exactly one key without an end after many rotations at once', async () => {
    const { id } = await newGateway();
    await create(id);
    await Promise.all(Array.from({ length: 8 }, () => rotate(id)));
    expect((await keysOf(id)).map((key) => key.state).sort()).toEqual(['active', ...Array<string>(8).fill('expiring')]);
  });

  it.each([-1, 604_801, 1.5, 'x', null])('is not rotated with an overlap of %j', async (overlapSeconds) => {
    const { id } = await newGateway();
    const answer = await send('POST', `/gateways/${id}/keys/rotate`, { overlapSeconds });
    expect(answer).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
    expect(answer.body.errors?.[0]?.field).toBe('overlapSeconds');
  });

  it('is revoked for good, and every change reaches ingest through the epoch', async () => {
    const { id } = await newGateway();
    const { keyId } = await create(id);
    const before = await epoch();
    expect((await send('DELETE', `/gateways/${id}/keys/${keyId}`)).status).toBe(204);
    expect(await epoch()).toBe(before + 1);
    const [revoked] = await keysOf(id);
    expect(revoked?.state).toBe('revoked');
    expect((await send('DELETE', `/gateways/${id}/keys/${keyId}`)).status).toBe(204);
    expect(await keysOf(id)).toEqual([revoked]);
    // No address holds U+0000: the wall before the routes answers.
    expect(await send('DELETE', `/gateways/${id}/keys/%00`)).toMatchObject({
      status: 404,
      body: { code: 'route.not-found' },
    });
    for (const unknown of ['aaaaaaaaaaaa', 'x', '..%2f..'])
      expect(await send('DELETE', `/gateways/${id}/keys/${unknown}`)).toMatchObject({
        status: 404,
        body: { code: 'gateway-key.not-found' },
      });
  });
});

describe('a device', () => {
  const newDevice = async (values: object = {}) => {
    const gatewayId = (await newGateway()).id;
    const externalId = `d-${crypto.randomUUID()}`;
    return send<DeviceDto>('POST', '/devices', { externalId, gatewayId, kind: 'bedside-monitor', ...values });
  };

  it('is registered, read and changed; absent stays, null clears', async () => {
    const { status, body } = await newDevice({ manufacturer: 'Acme', model: 'M1' });
    expect(status).toBe(201);
    expect(body).toMatchObject({ manufacturer: 'Acme', model: 'M1', serialNumber: null, assignment: null, version: 1 });
    const changed = await send<DeviceDto>('PATCH', `/devices/${body.id}`, { manufacturer: null, status: 'disabled' });
    expect(changed.body).toMatchObject({ manufacturer: null, model: 'M1', status: 'disabled', version: 2 });
    expect((await send<DeviceDto>('GET', `/devices/${body.id}`)).body).toEqual(changed.body);
    expect((await send('PATCH', `/devices/${body.id}`, { model: 'late' })).status).toBe(412);
  });

  it('has a name no other device has, and a gateway of its own hospital', async () => {
    const { body } = await newDevice();
    expect((await newDevice({ externalId: body.externalId })).body).toMatchObject({ code: 'device.external-id-taken' });
    const foreign = await new TestWards(other).gateway();
    expect(await newDevice({ gatewayId: foreign })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'gatewayId' }] },
    });
    expect(await send('PATCH', `/devices/${body.id}`, { gatewayId: foreign })).toMatchObject({ status: 422 });
  });

  it.each([
    { externalId: 'with blank' },
    { kind: 'toaster' },
    { manufacturer: 'x'.repeat(101) },
    { manufacturer: 'bell\u0007' },
    { gatewayId: 'x' },
    { deviceNo: 1 },
  ])('is refused with %j', async (values) => {
    expect(await newDevice(values)).toMatchObject({ status: 422, body: { code: 'request.invalid' } });
  });

  it('is found by every filter and comes in pages', async () => {
    const [ward, gateway] = [await wards.ward(), await wards.gateway()];
    const monitors = [await wards.device(gateway), await wards.device(gateway), await wards.device(gateway)];
    const [worn, idle] = monitors;
    await wards.assign(worn?.deviceId ?? '', await wards.patient(), { wardId: ward });
    await wards.query(`update {schema}.device set model = '50%_\\x' where id = $1`, [idle?.deviceId]);
    const find = async (query: string) =>
      (await send<DevicePageDto>('GET', `/devices?gatewayId=${gateway}&${query}`)).body.items.map((d) => d.id);
    expect(await find(`wardId=${ward}`)).toEqual([worn?.deviceId]);
    expect(await find('unassigned=false')).toEqual([worn?.deviceId]);
    expect(await find('unassigned=true')).toHaveLength(2);
    expect(await find('status=disabled')).toEqual([]);
    expect(await find(`q=${worn?.externalId.toUpperCase() ?? ''}`)).toEqual([worn?.deviceId]);
    expect(await find(`q=${encodeURIComponent('%_\\')}`)).toEqual([idle?.deviceId]);
    const first = (await send<DevicePageDto>('GET', `/devices?gatewayId=${gateway}&limit=2`)).body;
    const next = await send<DevicePageDto>(
      'GET',
      `/devices?gatewayId=${gateway}&limit=2&count=true&cursor=${first.nextCursor ?? ''}`,
    );
    expect(next.headers['x-total-count']).toBe('3');
    expect([...first.items, ...next.body.items].map((d) => d.externalId)).toEqual(
      monitors.map((m) => m.externalId).sort(),
    );
  });

  it('in use on another ward does not exist for somebody limited to wards', async () => {
    const [mine, theirs] = [await wards.ward(), await wards.ward()];
    const nurse = await api.signIn({ hospital, role: 'nurse', wardIds: [mine] });
    const { deviceId, patientId } = await wards.monitored(theirs);
    const hidden = [
      send('GET', `/devices/${deviceId}`, undefined, nurse),
      send('GET', `/devices/${deviceId}/assignments`, undefined, nurse),
      send('POST', `/devices/${deviceId}/assignments`, { patientId, wardId: mine, endCurrent: true }, nurse),
    ];
    for (const answer of await Promise.all(hidden)) expect(answer.body.code).toBe('device.not-found');
    expect((await send('GET', `/patients/${patientId}/devices`, undefined, nurse)).body.code).toBe('patient.not-found');
    const { items } = (await send<DevicePageDto>('GET', `/devices?wardId=${theirs}`, undefined, nurse)).body;
    expect(items).toEqual([]);
  });
});
