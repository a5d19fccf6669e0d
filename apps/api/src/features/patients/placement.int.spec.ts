import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import type { PatientDto, PatientPageDto } from './patients.dto.js';

let api: TestApi;
let hospital: Hospital;
let wards: TestWards;
let here: string;
let elsewhere: string;
let desk: TestCaller;
/** Works on one ward. */
let nurse: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  wards = new TestWards(hospital);
  [here, elsewhere] = [await wards.ward(), await wards.ward()];
  desk = await api.signIn({ hospital, role: 'receptionist' });
  nurse = await api.signIn({ hospital, role: 'nurse', wardIds: [here] });
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const get = async (id: string): Promise<PatientDto> =>
  (await api.send<PatientDto>({ method: 'GET', url: `/api/v1/patients/${id}` }, desk)).body;
const place = (id: string, version: number, wardId: unknown, caller = desk) =>
  api.send<PatientDto>(
    {
      method: 'PUT',
      url: `/api/v1/patients/${id}/ward`,
      headers: { 'if-match': `"${String(version)}"` },
      payload: { wardId },
    },
    caller,
  );
/** A patient who lies there, at version 2. */
const lying = async (wardId: string): Promise<string> => {
  const id = await wards.patient();
  expect((await place(id, 1, wardId)).status).toBe(200);
  return id;
};

describe('a patient', () => {
  it('lies on no ward until somebody says on which, and is moved and discharged', async () => {
    const id = await wards.patient();
    expect(await get(id)).toMatchObject({ wardId: null, version: 1 });
    const { body, headers } = await place(id, 1, here.toUpperCase());
    expect({ body, etag: headers.etag }).toMatchObject({ body: { wardId: here, version: 2 }, etag: '"2"' });
    expect(await get(id)).toEqual(body);
    expect((await place(id, 2, elsewhere)).body).toMatchObject({ wardId: elsewhere, version: 3 });
    expect((await place(id, 3, null)).body).toMatchObject({ wardId: null, version: 4 });
  });

  it('is found by the ward', async () => {
    const ward = await wards.ward();
    const ids = [await lying(ward), await lying(ward)].sort();
    await lying(here);
    const { body, headers } = await api.send<PatientPageDto>(
      { method: 'GET', url: '/api/v1/patients', query: { wardId: ward, count: 'true' } },
      desk,
    );
    expect(body.items.map((patient) => patient.id).sort()).toEqual(ids);
    expect(headers['x-total-count']).toBe('2');
  });

  it('is moved at the version that was read, by one of several', async () => {
    const id = await lying(here);
    expect((await place(id, 1, elsewhere)).status).toBe(412);
    const answers = await Promise.all([elsewhere, null, elsewhere].map((wardId) => place(id, 2, wardId)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  });

  it('is told of as an update, and its history says where it lay', async () => {
    const id = await lying(here);
    const { rows } = await asOwner((owner) =>
      owner.query('select type, payload from public.outbox_event where hospital_id = $1 and payload @> $2', [
        hospital.id,
        { id },
      ]),
    );
    expect(rows).toEqual([{ type: 'patient.updated', payload: { id, version: 2 } }]);
    const url = `/api/v1/patients/${id}/history`;
    expect((await api.send<{ items: object[] }>({ method: 'GET', url }, nurse)).body.items[0]).toMatchObject({
      actor: { id: desk.id },
      changes: { wardId: { from: null, to: here } },
    });
  });

  it('does not lie on a ward that is closed or unknown', async () => {
    const closed = await wards.ward();
    await wards.query('update {schema}.ward set active = false where id = $1', [closed]);
    const id = await wards.patient();
    for (const wardId of [closed, id, 'x', undefined]) {
      expect(await place(id, 1, wardId)).toMatchObject({ status: 422, body: { errors: [{ field: 'wardId' }] } });
    }
    expect(await place(here, 1, here)).toMatchObject({ status: 404, body: { code: 'patient.not-found' } });
  });

  it('is not moved once it is deleted', async () => {
    const id = await wards.patient();
    await wards.query(`update {schema}.patient set deleted_at = now(), deleted_reason = 'twice' where id = $1`, [id]);
    expect((await place(id, 2, here)).status).toBe(404);
  });
});

describe('somebody limited to wards', () => {
  it('places patients from and to these only', async () => {
    const id = await wards.patient();
    expect((await place(id, 1, elsewhere, nurse)).status).toBe(422);
    expect((await place(id, 1, here, nurse)).status).toBe(200);
    expect((await place(id, 2, elsewhere, nurse)).status).toBe(422);
    expect((await place(id, 2, null, nurse)).status).toBe(200);
    const there = await lying(elsewhere);
    for (const wardId of [here, null]) {
      expect(await place(there, 2, wardId, nurse)).toMatchObject({
        status: 403,
        body: { code: 'patient.on-other-ward' },
      });
    }
    expect((await get(there)).wardId).toBe(elsewhere);
  });

  it('fetches a patient for whom they broke the glass', async () => {
    const id = await lying(elsewhere);
    const payload = { reasonCode: 'emergency', justification: 'Needs a monitored bed at once' };
    await api.send({ method: 'POST', url: `/api/v1/patients/${id}/break-glass`, payload }, nurse);
    expect((await place(id, 2, here, nurse)).body).toMatchObject({ wardId: here });
  });
});

describe('where a patient lies', () => {
  it('is logged for devices under the ward before and after', async () => {
    const id = await lying(here);
    await place(id, 2, elsewhere);
    const { rows } = await asOwner((owner) =>
      owner.query<{ keys: string[]; keys_before: string[] }>(
        'select keys, keys_before from sync.change_log where hospital_id = $1 and row_id = $2 order by seq desc limit 1',
        [hospital.id, id],
      ),
    );
    expect(rows[0]?.keys).toContain(`ward:${elsewhere}`);
    expect(rows[0]?.keys_before).toContain(`ward:${here}`);
  });

  it('is a ward of this hospital, says the database', async () => {
    const id = await wards.patient();
    await expect(
      asOwner((owner) => owner.query(`update ${schemaOf(hospital.slug)}.patient set ward_id = id where id = $1`, [id])),
    ).rejects.toMatchObject({ constraint: 'patient_ward_id_fkey' });
  });
});
