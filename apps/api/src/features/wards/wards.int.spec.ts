import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import type { BedDto, BedPageDto, WardDto, WardPageDto, WardPatientsDto } from './wards.dto.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let admin: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const get = <T>(url: string, caller = admin) => api.send<T>({ method: 'GET', url: `/api/v1${url}` }, caller);
const post = <T = { code: string }>(url: string, payload: object, caller = admin) =>
  api.send<T>({ method: 'POST', url: `/api/v1${url}`, payload }, caller);
const patch = <T = { code: string }>(url: string, payload: object, version: number) =>
  api.send<T>(
    { method: 'PATCH', url: `/api/v1${url}`, payload, headers: { 'if-match': `"${String(version)}"` } },
    admin,
  );

describe('a ward', () => {
  it('is created, read with its version as ETag, and changed by who read that version', async () => {
    const created = await post<WardDto>('/wards', { code: 'ICU-1', name: ' Intensive  care ' });
    expect(created).toMatchObject({ status: 201, headers: { etag: '"1"' } });
    expect(created.body).toMatchObject({ code: 'ICU-1', name: 'Intensive care', active: true });
    const { id } = created.body;
    expect((await get<WardDto>(`/wards/${id}`)).body).toEqual(created.body);
    const changed = await patch<WardDto>(`/wards/${id}`, { name: 'ICU' }, 1);
    expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: { name: 'ICU', code: 'ICU-1' } });
    expect(await patch(`/wards/${id}`, { name: 'late' }, 1)).toMatchObject({
      status: 412,
      body: { code: 'precondition.failed' },
    });
    expect(await patch(`/wards/${id}`, { name: null }, 2)).toMatchObject({
      status: 422,
      body: { code: 'request.invalid' },
    });
  });

  it('shares its code with no other ward', async () => {
    await post('/wards', { code: 'DOUBLE', name: 'one' });
    const second = await post<WardDto>('/wards', { code: 'SINGLE', name: 'two' });
    expect(await post('/wards', { code: 'DOUBLE', name: 'three' })).toMatchObject({
      status: 409,
      body: { code: 'ward.code-taken' },
    });
    expect((await patch(`/wards/${second.body.id}`, { code: 'DOUBLE' }, 1)).body.code).toBe('ward.code-taken');
  });

  it('has beds with labels of their own', async () => {
    const { body: ward } = await post<WardDto>('/wards', { code: 'BEDS', name: 'Beds' });
    for (const label of ['2', '1', '3']) await post(`/wards/${ward.id}/beds`, { label });
    const again = await post(`/wards/${ward.id}/beds`, { label: '2' });
    expect(again).toMatchObject({ status: 409, body: { code: 'bed.label-taken' } });
    const first = (await get<BedPageDto>(`/wards/${ward.id}/beds?limit=2`)).body;
    const rest = (await get<BedPageDto>(`/wards/${ward.id}/beds?limit=2&cursor=${String(first.nextCursor)}`)).body;
    expect([...first.items, ...rest.items].map(({ label }: BedDto) => label)).toEqual(['1', '2', '3']);
    expect(rest.nextCursor).toBeNull();
  });
});

describe('the list of wards', () => {
  it('comes in pages sorted by code, counted when asked', async () => {
    const all = await get<WardPageDto>('/wards?limit=100&count=true');
    const codes = all.body.items.map(({ code }) => code);
    expect(codes).toEqual([...codes].sort());
    expect(all.headers['x-total-count']).toBe(String(codes.length));
    const paged: string[] = [];
    for (let cursor = ''; ;) {
      const { body, headers } = await get<WardPageDto>(`/wards?limit=2${cursor}`);
      expect(headers['x-total-count']).toBeUndefined();
      paged.push(...body.items.map(({ code }) => code));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(paged).toEqual(codes);
  });

  it('leaves out what was asked to be left out', async () => {
    const { body: ward } = await post<WardDto>('/wards', { code: 'CLOSED', name: 'Closed' });
    await patch(`/wards/${ward.id}`, { active: false }, 1);
    const codes = async (active: boolean) =>
      (await get<WardPageDto>(`/wards?limit=100&active=${String(active)}`)).body.items.map(({ code }) => code);
    expect(await codes(true)).not.toContain('CLOSED');
    expect(await codes(false)).toEqual(['CLOSED']);
  });

  it('shows somebody limited to wards those wards, and the others nowhere', async () => {
    const [mine, other] = [await wards.ward('Mine'), await wards.ward('Other')];
    const nurse = await api.signIn({ hospital, role: 'nurse', wardIds: [mine] });
    const { body } = await get<WardPageDto>('/wards?count=true', nurse);
    expect(body.items.map(({ id }) => id)).toEqual([mine]);
    for (const path of ['', '/beds', '/patients', '/vitals/latest']) {
      expect((await get(`/wards/${mine}${path}`, nurse)).status).toBe(200);
      expect(await get(`/wards/${other}${path}`, nurse)).toMatchObject({
        status: 404,
        body: { code: 'ward.not-found' },
      });
    }
  });
});

describe('the patients of a ward', () => {
  it('are those who wear a device there now, by bed and name, each once', async () => {
    const ward = await wards.ward();
    const [bed1, bed2] = [await wards.bed(ward, '1'), await wards.bed(ward, '2')];
    const [anna, berta, gone] = [
      await wards.patient('Anna'),
      await wards.patient('Berta'),
      await wards.patient('Gone'),
    ];
    const [a1, a2, b, g] = [await wards.device(), await wards.device(), await wards.device(), await wards.device()];
    await wards.assign(a1.deviceId, anna, { wardId: ward, bedId: bed2 });
    await wards.assign(a2.deviceId, anna, { wardId: ward });
    await wards.assign(b.deviceId, berta, { wardId: ward, bedId: bed1 });
    await wards.assign(g.deviceId, gone, { wardId: ward, valid: '[2026-01-01Z,2026-01-02Z)' });
    const { body } = await get<WardPatientsDto>(`/wards/${ward}/patients`);
    expect(body.items).toMatchObject([
      { patientId: berta, name: 'Test Berta', bedLabel: '1', devices: [b.externalId] },
      { patientId: anna, name: 'Test Anna', bedLabel: '2', devices: [a1.externalId, a2.externalId].sort() },
    ]);
  });
});
