import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import type { ConditionDto, ConditionPageDto } from './conditions.dto.js';

let api: TestApi;
let hospital: Hospital;
let doctor: TestCaller;
let patientId: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  doctor = await api.signIn({ hospital, role: 'doctor' });
});

beforeEach(async () => {
  patientId = await new TestWards(hospital).patient();
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const at = (path = ''): string => `/api/v1/patients/${patientId}/conditions${path}`;
const asthma = { display: 'Asthma' };
const record = <T = ConditionDto>(payload: object = asthma, caller = doctor) =>
  api.send<T>({ method: 'POST', url: at(), payload }, caller);
const change = <T = ConditionDto>({ id, version }: ConditionDto, payload: object) =>
  api.send<T>({ method: 'PATCH', url: at(`/${id}`), headers: { 'if-match': `"${String(version)}"` }, payload }, doctor);
const get = (id: string) => api.send<ConditionDto>({ method: 'GET', url: at(`/${id}`) }, doctor);
const list = (query: Record<string, string> = {}, caller = doctor) =>
  api.send<ConditionPageDto>({ method: 'GET', url: at(), query }, caller);
const wrong = { verificationStatus: 'entered-in-error', statusReason: 'Another patient was meant' };

describe('recording a problem', () => {
  it('answers it as it was given', async () => {
    const given = {
      display: 'Type 2 diabetes mellitus',
      code: { system: 'http://snomed.info/sct', code: '44054006' },
      clinicalStatus: 'remission',
      verificationStatus: 'provisional',
      severity: 'moderate',
      onsetDate: '2019-07-01',
      abatementDate: '2024-01-31',
    };
    const { status, body, headers } = await record(given);
    expect(status).toBe(201);
    expect(body).toMatchObject({ ...given, patientId, statusReason: null, version: 1 });
    expect(headers.etag).toBe('"1"');
    expect((await get(body.id)).body).toEqual(body);
    expect((await list()).body).toEqual({ items: [body], nextCursor: null });
  });

  it('lists what somebody has now once, whoever is faster, and names the entry that is there', async () => {
    const answers = await Promise.all(['Asthma', 'asthma', ' ASTHMA '].map((display) => record({ display })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const recorded = answers.find(({ status }) => status === 201)?.body;
    for (const { body } of answers.filter(({ status }) => status === 409)) {
      expect(body).toMatchObject({ code: 'condition.duplicate', conditionId: recorded?.id });
    }
  });

  it('tells others of it by its id only', async () => {
    const { id } = (await record()).body;
    const { rows } = await asOwner((owner) =>
      owner.query('select type, payload from public.outbox_event where hospital_id = $1 and payload @> $2', [
        hospital.id,
        { id },
      ]),
    );
    expect(rows).toEqual([{ type: 'condition.changed', payload: { id, patientId, version: 1 } }]);
  });

  it.each([
    ['display', { display: 'a\u0007b' }],
    ['clinicalStatus', { clinicalStatus: 'cured' }],
    ['verificationStatus', { verificationStatus: 'refuted' }],
    ['onsetDate', { onsetDate: '2019' }],
    ['abatementDate', { abatementDate: '2019-01-01' }],
    ['abatementDate', { clinicalStatus: 'resolved', onsetDate: '2019-01-02', abatementDate: '2019-01-01' }],
    ['code.code', { code: { system: 'http://snomed.info/sct' } }],
  ])('names %s as the field to change in %j', async (field, payload) => {
    const { status, body } = await record({ ...asthma, ...payload });
    expect({ status, body }).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });

  it('is for doctors and nurses, and reading is for others too', async () => {
    const [nurse, pharmacist, desk] = await Promise.all(
      (['nurse', 'pharmacist', 'receptionist'] as const).map((role) => api.signIn({ hospital, role })),
    );
    expect((await record(asthma, nurse)).status).toBe(201);
    expect((await record({ display: 'Gout' }, pharmacist)).status).toBe(403);
    expect((await list({}, pharmacist)).body.items).toHaveLength(1);
    expect((await list({}, desk)).status).toBe(403);
  });
});

describe('the problem list', () => {
  it('is filtered by clinical status and paged without a gap', async () => {
    for (const display of ['Gout', 'Asthma', 'Epilepsy']) await record({ display });
    const { body: resolved } = await record({ display: 'Pneumonia', clinicalStatus: 'resolved' });
    expect((await list({ clinicalStatus: 'resolved' })).body.items).toEqual([resolved]);
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const query = { limit: '2', clinicalStatus: 'active', ...(cursor ? { cursor } : {}) };
      const { body }: { body: ConditionPageDto } = await list(query);
      seen.push(...body.items.map(({ display }) => display));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(['Gout', 'Asthma', 'Epilepsy']);
  });

  it('of nobody is not found', async () => {
    patientId = doctor.id;
    expect(await list()).toMatchObject({ status: 404, body: { code: 'patient.not-found' } });
    expect(await record()).toMatchObject({ status: 404, body: { code: 'patient.not-found' } });
  });
});

describe('an entry of the problem list', () => {
  it('is changed field by field, at the version that was read', async () => {
    const { body: before } = await record({ ...asthma, severity: 'mild' });
    const { body: after } = await change(before, { severity: null, clinicalStatus: 'resolved' });
    const { updatedAt } = after;
    expect(after).toEqual({ ...before, severity: null, clinicalStatus: 'resolved', version: 2, updatedAt });
    expect((await change(before, { severity: 'mild' })).status).toBe(412);
    expect((await change({ ...before, id: patientId }, {})).status).toBe(404);
  });

  it('lets one of two writers of the same version win', async () => {
    const { body: entry } = await record();
    const answers = await Promise.all(['mild', 'severe'].map((severity) => change(entry, { severity })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it('becomes an error with a reason, and stays one', async () => {
    const { body: entry } = await record();
    expect(await change(entry, { verificationStatus: 'entered-in-error' })).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'statusReason' }] },
    });
    const { body: error } = await change(entry, wrong);
    expect(error).toMatchObject(wrong);
    expect(await change(error, { verificationStatus: 'confirmed' })).toMatchObject({
      status: 409,
      body: { code: 'condition.entered-in-error' },
    });
    expect((await record()).status).toBe(201);
  });

  it('does not come back next to one that took its place', async () => {
    const { body: first } = await record();
    const { body: resolved } = await change(first, { clinicalStatus: 'resolved' });
    const { body: second } = await record();
    expect(await change(resolved, { clinicalStatus: 'active' })).toMatchObject({
      status: 409,
      body: { code: 'condition.duplicate', conditionId: second.id },
    });
  });

  it('of one patient is not found under another', async () => {
    const { body: entry } = await record();
    patientId = await new TestWards(hospital).patient();
    expect((await change(entry, { severity: 'mild' })).status).toBe(404);
    expect((await get(entry.id)).status).toBe(404);
  });

  it('is in the history of the patient', async () => {
    await record();
    const url = `/api/v1/patients/${patientId}/history`;
    const { body } = await api.send<{ items: object[] }>({ method: 'GET', url }, doctor);
    expect(body.items[0]).toMatchObject({
      entity: 'condition',
      action: 'create',
      changes: { display: { from: null, to: 'Asthma' } },
    });
    const admin = await api.send<{ items: object[] }>(
      { method: 'GET', url },
      await api.signIn({ hospital, role: 'hospital_admin' }),
    );
    expect(JSON.stringify(admin.body)).not.toContain('Asthma');
  });
});
