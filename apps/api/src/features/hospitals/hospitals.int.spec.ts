import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { mailedInvitations } from '../../testing/mailed-invitations.js';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import type { InvitationDto } from '../users/users.dto.js';
import type { HospitalDto, HospitalPageDto } from './hospitals.dto.js';

const nowhere = '01900000-0000-7000-8000-000000000000';
let api: TestApi;
let hospital: Hospital;
let other: Hospital;
let operator: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
  operator = await api.signIn({ hospital: null, role: 'super_admin' });
});

afterAll(async () => {
  await api.close();
  await Promise.all([hospital, other].map(dropTestHospital));
});

const get = (id: string) => api.send<HospitalDto>({ method: 'GET', url: `/api/v1/hospitals/${id}` }, operator);
const patch = (id: string, version: number, payload: object) =>
  api.send<HospitalDto>(
    { method: 'PATCH', url: `/api/v1/hospitals/${id}`, headers: { 'if-match': `"${String(version)}"` }, payload },
    operator,
  );
const post = <T = HospitalDto>(id: string, verb: string, payload?: object) =>
  api.send<T>({ method: 'POST', url: `/api/v1/hospitals/${id}/${verb}`, ...(payload ? { payload } : {}) }, operator);
const list = (query: Record<string, string>) =>
  api.send<HospitalPageDto>({ method: 'GET', url: '/api/v1/hospitals', query }, operator);

describe('hospitals', () => {
  it('are found by part of their name or slug, by status, and page by page', async () => {
    const { body, headers } = await list({ q: hospital.slug.slice(2), status: 'active', count: 'true' });
    expect(body.items).toMatchObject([{ id: hospital.id, slug: hospital.slug, status: 'active', currency: 'EUR' }]);
    expect(headers['x-total-count']).toBe('1');
    expect((await list({ q: hospital.slug, status: 'suspended' })).body.items).toEqual([]);
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page: HospitalPageDto = (await list({ limit: '1', q: 'Test t_', ...(cursor ? { cursor } : {}) })).body;
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(expect.arrayContaining([hospital.id, other.id]));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('that do not exist are not found', async () => {
    const answers = await Promise.all([
      get(nowhere),
      patch(nowhere, 1, {}),
      post(nowhere, 'suspend'),
      post(nowhere, 'administrators', { email: 'a@example.test', displayName: 'A' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  });

  it('are none of a hospital administrator’s business', async () => {
    const admin = await api.signIn({ hospital, role: 'hospital_admin' });
    expect((await api.send({ method: 'GET', url: '/api/v1/hospitals' }, admin)).status).toBe(403);
  });
});

describe('a hospital', () => {
  it('is renamed and moved to another time zone at the version that was read', async () => {
    const { body: before, headers } = await get(hospital.id);
    expect(headers.etag).toBe(`"${String(before.version)}"`);
    const { body: after } = await patch(hospital.id, before.version, { name: 'Renamed', timezone: 'Africa/Nairobi' });
    expect(after).toMatchObject({ name: 'Renamed', timezone: 'Africa/Nairobi', version: before.version + 1 });
    expect((await patch(hospital.id, before.version, { name: 'Lost' })).status).toBe(412);
    expect((await patch(hospital.id, after.version, {})).body).toMatchObject({ name: 'Renamed' });
  });

  it.each([
    ['timezone', { timezone: 'Europe/Atlantis' }],
    ['name', { name: null }],
    ['slug', { slug: 'other' }],
  ])('names %s as the field to change in %j', async (field, wrong) => {
    const { version } = (await get(hospital.id)).body;
    expect(await patch(hospital.id, version, wrong)).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });

  it('that is suspended lets nobody in until it is resumed', async () => {
    const nurse = await api.signIn({ hospital: other, role: 'nurse' });
    expect(await post(other.id, 'resume')).toMatchObject({ status: 409, body: { code: 'hospital.illegal-status' } });
    expect((await post(other.id, 'suspend')).body.status).toBe('suspended');
    expect((await post(other.id, 'suspend')).status).toBe(409);
    const me = () => api.send({ method: 'GET', url: '/api/v1/me' }, nurse);
    expect((await me()).status).toBe(401);
    expect((await post(other.id, 'resume')).body.status).toBe('active');
    expect((await list({ q: other.slug })).body.items[0]?.status).toBe('active');
  });

  it('gets its first administrator by invitation, once it is provisioned', async () => {
    const person = { email: `first.${hospital.slug}@example.test`, displayName: 'First Admin' };
    const { status, body } = await post<InvitationDto>(hospital.id, 'administrators', person);
    expect(status).toBe(201);
    expect(body.user).toMatchObject({ ...person, roles: ['hospital_admin'], status: 'invited' });
    const [token] = await mailedInvitations(api, hospital, person.email);
    const payload = { token, password: 'correct horse battery staple' };
    expect((await api.send({ method: 'POST', url: '/api/v1/auth/invitations/accept', payload })).status).toBe(204);
    await asOwner((o) => o.query(`update public.hospital set status = 'provisioning' where id = $1`, [other.id]));
    expect(await post(other.id, 'administrators', person)).toMatchObject({
      status: 409,
      body: { code: 'hospital.illegal-status' },
    });
  });
});
