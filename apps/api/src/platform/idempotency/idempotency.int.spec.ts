import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import { runEverywhere } from '../../testing/run-everywhere.js';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { IdempotencyExpiryJob } from './idempotency-expiry.job.js';

let api: TestApi;
let hospital: Hospital;
let nurse: TestCaller;
let admin: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  nurse = await api.signIn({ hospital, role: 'nurse' });
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const somebody = () => ({ familyName: 'Byrne', givenName: randomUUID() });
const register = <T = { id: string }>(key: string, payload: object, caller = nurse) =>
  api.send<T>({ method: 'POST', url: '/api/v1/patients', payload, headers: { 'idempotency-key': key } }, caller);
const count = async (givenName: string): Promise<number> => {
  const sql = `select from ${schemaOf(hospital.slug)}.patient where given_name = $1`;
  return (await asOwner((owner) => owner.query(sql, [givenName]))).rowCount ?? 0;
};
const code = (body: unknown): unknown => (body as { code?: string }).code;

describe('a request that is sent again with its Idempotency-Key', () => {
  it('has its effect once and is answered byte for byte the same', async () => {
    const [key, patient] = [randomUUID(), somebody()];
    const first = await register(key, patient);
    const again = await register(key, patient);
    expect(first.status).toBe(201);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(again).toMatchObject({ status: 201, headers: { 'idempotency-replayed': 'true', etag: first.headers.etag } });
    expect(JSON.stringify(again.body)).toBe(JSON.stringify(first.body));
    expect(await count(patient.givenName)).toBe(1);
  });

  it('has its effect once when a hundred arrive together', async () => {
    const [key, patient] = [randomUUID(), somebody()];
    const answers = await Promise.all(Array.from({ length: 100 }, () => register(key, patient)));
    const ids = new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.id));
    const others = answers.filter(({ status }) => status !== 201);
    expect(ids.size).toBe(1);
    expect(others.every(({ status, headers }) => status === 409 && headers['retry-after'] === '1')).toBe(true);
    expect(others.every(({ body }) => code(body) === 'idempotency.in-flight')).toBe(true);
    expect(await count(patient.givenName)).toBe(1);
  });

  it('has as many effects as requests when every one has a key of its own (control)', async () => {
    const patient = { ...somebody(), confirmDuplicate: true };
    await Promise.all(Array.from({ length: 5 }, () => register(randomUUID(), patient)));
    expect(await count(patient.givenName)).toBe(5);
  });

  it('is refused when it asks for something else', async () => {
    const [key, patient] = [randomUUID(), somebody()];
    await register(key, patient);
    const other = await register(key, { ...patient, familyName: 'Other' });
    expect([other.status, code(other.body)]).toEqual([422, 'idempotency.key-reused']);
  });

  it('is no repetition when somebody else sends it', async () => {
    const [key, patient] = [randomUUID(), { ...somebody(), confirmDuplicate: true }];
    const [mine, theirs] = [await register(key, patient), await register(key, patient, admin)];
    expect(theirs.status).toBe(201);
    expect(theirs.body.id).not.toBe(mine.body.id);
  });

  it('is tried anew when the first one failed', async () => {
    const [key, patient] = [randomUUID(), somebody()];
    await register(randomUUID(), patient);
    expect(code((await register(key, patient)).body)).toBe('patient.possible-duplicate');
    await asOwner((owner) =>
      owner.query(`update ${schemaOf(hospital.slug)}.patient set given_name = 'Renamed' where given_name = $1`, [
        patient.givenName,
      ]),
    );
    expect((await register(key, patient)).status).toBe(201);
  });

  it('counts for 72 hours', async () => {
    const [key, patient] = [randomUUID(), { ...somebody(), confirmDuplicate: true }];
    await register(key, patient);
    const age = (by: string) =>
      asOwner((owner) =>
        owner.query(`update ${schemaOf(hospital.slug)}.idempotency_key set expires_at = expires_at - $1::interval`, [
          by,
        ]),
      );
    await age('71 hours 59 minutes');
    expect((await register(key, patient)).headers['idempotency-replayed']).toBe('true');
    await age('1 minute');
    expect((await register(key, patient)).headers['idempotency-replayed']).toBeUndefined();
  });

  it('works the same where hospitals share the tables', async () => {
    const [key, name] = [randomUUID(), randomUUID()];
    const create = () =>
      api.send(
        { method: 'POST', url: '/api/v1/gateways', payload: { name }, headers: { 'idempotency-key': key } },
        admin,
      );
    const [first, again] = [await create(), await create()];
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
  });
});

describe('a request without a usable key', () => {
  it('is refused by every route that creates', async () => {
    const routes = api.application.routes.filter(({ idempotent }) => idempotent);
    expect(routes.length).toBeGreaterThan(8);
    const superAdmin = await api.signIn({ hospital: null, role: 'super_admin' });
    const doctor = await api.signIn({ hospital, role: 'doctor' });
    const desk = await api.signIn({ hospital, role: 'receptionist' });
    for (const { url } of routes) {
      const target = {
        method: 'POST',
        url: url.replace(/:\w+/g, hospital.id),
        payload: {},
        headers: { 'idempotency-key': '' },
      };
      const answers = await Promise.all([superAdmin, admin, doctor, desk].map((caller) => api.send(target, caller)));
      expect(answers.map(({ body }) => code(body))).toContain('idempotency.key-malformed');
    }
  });
});

describe('keys of long ago', () => {
  it('are deleted', async () => {
    const schema = schemaOf(hospital.slug);
    await register(randomUUID(), somebody());
    await asOwner((owner) => owner.query(`update ${schema}.idempotency_key set expires_at = now()`));
    await runEverywhere(api.application.nest.get(IdempotencyExpiryJob, { strict: false }));
    const { rowCount } = await asOwner((owner) => owner.query(`select from ${schema}.idempotency_key`));
    expect(rowCount).toBe(0);
  });
});
