import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { until } from '../../testing/until.js';
import type { AllergyListDto } from './allergies.dto.js';
import type { PatientDto } from './patients.dto.js';

let apis: [TestApi, TestApi];
let hospital: Hospital;
let doctor: TestCaller;
let receptionist: TestCaller;
let url: string;

beforeAll(async () => {
  apis = await Promise.all([TestApi.start(), TestApi.start()]);
  hospital = await createTestHospital();
  doctor = await apis[0].signIn({ hospital, role: 'doctor' });
  receptionist = await apis[0].signIn({ hospital, role: 'receptionist' });
  const payload = { familyName: 'Muster', givenName: 'Anna', bloodGroup: 'A+' };
  const created = await apis[0].send<PatientDto>({ method: 'POST', url: '/api/v1/patients', payload }, doctor);
  url = `/api/v1/patients/${created.body.id}`;
  await until(async () => (await hits(apis[0])) > 0 && (await hits(apis[1])) > 0);
});
afterAll(async () => {
  await Promise.all(apis.map((api) => api.close()));
  await dropTestHospital(hospital);
});

const get = async (api: TestApi, caller: TestCaller) =>
  (await api.send<PatientDto>({ method: 'GET', url }, caller)).body;

/** Reads answered by the cache, after one more read. */
async function hits(api: TestApi): Promise<number> {
  await get(api, doctor);
  const { body } = await api.send<string>({ method: 'GET', url: '/metrics' });
  const counts = [...body.matchAll(/^cache_requests_total\{.*outcome="hit".*\} (\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

describe('a patient read through the cache', () => {
  it('is seen as written at once, whichever process answers', async () => {
    for (let i = 0; i < 20; i += 1) {
      const [writer, reader] = i % 2 === 0 ? apis : [apis[1], apis[0]];
      const { version } = await get(writer, doctor);
      const headers = { 'if-match': `"${version}"` };
      const payload = { phone: `+353 1 555 01${String(i).padStart(2, '0')}` };
      const answer = await writer.send({ method: 'PATCH', url, headers, payload }, doctor);
      expect(answer.status).toBe(200);
      expect(await get(reader, doctor)).toMatchObject({ ...payload, version: version + 1 });
      expect(await get(writer, doctor)).toMatchObject(payload);
    }
  });

  it('shows nobody more than they may see, whoever asked before', async () => {
    expect(await get(apis[0], doctor)).toMatchObject({ bloodGroup: 'A+' });
    const seen = await get(apis[0], receptionist);
    expect(seen).toMatchObject({ familyName: 'Muster' });
    expect(seen).not.toHaveProperty('bloodGroup');
    expect(seen).not.toHaveProperty('allergyStatus');
    expect(await get(apis[1], doctor)).toMatchObject({ bloodGroup: 'A+' });
  });

  it('shows an allergy in the record and in its list as soon as it is recorded', async () => {
    const list = (api: TestApi) => api.send<AllergyListDto>({ method: 'GET', url: `${url}/allergies` }, doctor);
    for (const api of apis) expect((await list(api)).body.items).toEqual([]);
    const payload = { substance: 'Penicillin', category: 'medication' };
    expect((await apis[0].send({ method: 'POST', url: `${url}/allergies`, payload }, doctor)).status).toBe(201);
    for (const api of apis) {
      expect((await list(api)).body.items).toMatchObject([{ substance: 'Penicillin' }]);
      expect(await get(api, doctor)).toMatchObject({ allergyStatus: 'recorded' });
    }
  });
});
