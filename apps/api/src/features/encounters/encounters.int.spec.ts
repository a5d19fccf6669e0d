import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { encounterMayMove, encounterStatuses } from '@hms/contracts';
import { schemaOf, type Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import type { TimelinePageDto } from '../timeline/timeline.dto.js';
import type { DiagnosisDto } from './diagnoses/diagnoses.dto.js';
import type { Icd10PageDto } from './diagnoses/icd10.dto.js';
import type { EncounterDetailDto, EncounterDto, EncounterPageDto } from './encounters.dto.js';

type Answer = EncounterDetailDto & { readonly code: string };
let api: TestApi;
let hospital: Hospital;
let doctor: TestCaller;
let desk: TestCaller;
let admin: TestCaller;
let patientId: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  doctor = await api.signIn({ hospital, role: 'doctor' });
  desk = await api.signIn({ hospital, role: 'receptionist' });
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
});

beforeEach(async () => {
  patientId = await new TestWards(hospital).patient();
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const at = (path = ''): string => `/api/v1/patients/${patientId}/encounters${path}`;
const post = <T = Answer>(path: string, payload: object, caller = doctor) =>
  api.send<T>({ method: 'POST', url: at(path), payload }, caller);
const open = async (payload: object = { class: 'AMB' }, caller = desk) => (await post('', payload, caller)).body;
const get = async (id: string) => (await api.send<Answer>({ method: 'GET', url: at(`/${id}`) }, doctor)).body;
const move = (encounter: EncounterDto, payload: object, caller = doctor) => {
  const headers = { 'if-match': `"${String(encounter.version)}"` };
  return api.send<Answer>({ method: 'PATCH', url: at(`/${encounter.id}/status`), headers, payload }, caller);
};
const write = (encounterId: string) =>
  api.send<{ id: string }>(
    {
      method: 'POST',
      url: `/api/v1/patients/${patientId}/notes`,
      payload: { kind: 'progress', text: 'Well.', encounterId },
    },
    doctor,
  );
const sql = <Row extends object>(text: string, values: unknown[] = []) =>
  asOwner((owner) => owner.query<Row>(text.replaceAll('{schema}', schemaOf(hospital.slug)), values)).then(
    ({ rows }) => rows,
  );

describe('a visit', () => {
  it('goes from the desk over triage to its end, which takes a diagnosis and signed notes', async () => {
    const arrived = await open({ class: 'EMER', chiefComplaint: 'Cannot breathe' });
    expect(arrived).toMatchObject({ status: 'arrived', class: 'EMER', chiefComplaint: 'Cannot breathe' });
    const triaged = (await move(arrived, { status: 'triaged', acuity: 2 })).body;
    expect(triaged).toMatchObject({ status: 'triaged', acuity: 2 });
    const begun = (await move(triaged, { status: 'in-progress' })).body;
    const end = { status: 'finished', disposition: 'home' };
    expect((await move(begun, end)).body).toMatchObject({ code: 'encounter.undiagnosed' });

    const diagnosis = await post<DiagnosisDto>(`/${begun.id}/diagnoses`, { code: 'J45.9' });
    expect(diagnosis).toMatchObject({ status: 201, body: { display: 'Asthma, unspecified', rank: 1 } });
    const note = (await write(begun.id)).body;
    expect((await move(await get(begun.id), end)).body).toMatchObject({ code: 'encounter.unsigned' });
    await api.send({ method: 'POST', url: `/api/v1/patients/${patientId}/notes/${note.id}/signature` }, doctor);

    const finished = (await move(await get(begun.id), end)).body;
    expect(finished).toMatchObject({ status: 'finished', disposition: 'home', endedAt: expect.any(String) as unknown });
    expect((await post(`/${begun.id}/diagnoses`, { code: 'I10' })).body).toMatchObject({ code: 'encounter.over' });
    const [visit] = await sql<{ closed_at: Date | null }>('select closed_at from {schema}.visit where id = $1', [
      arrived.visitId,
    ]);
    expect(visit?.closed_at).toBeInstanceOf(Date);
    const states = await sql<{ to_state: string }>(
      'select to_state from {schema}.state_history where entity_id = $1 order by id',
      [arrived.id],
    );
    expect(states.map((state) => state.to_state)).toEqual(['arrived', 'triaged', 'in-progress', 'finished']);
  });

  it('lasts until the last of its encounters ends', async () => {
    const first = await open();
    const second = await open({ class: 'VR', visitId: first.visitId });
    const cancel = { status: 'cancelled', reason: 'Went home' };
    const closed = async () =>
      (await sql<{ closed_at: Date | null }>('select closed_at from {schema}.visit where id = $1', [first.visitId]))[0];
    await move(first, cancel, desk);
    expect(await closed()).toEqual({ closed_at: null });
    await move(second, cancel, desk);
    expect((await closed())?.closed_at).toBeInstanceOf(Date);
  });

  it('is conducted by those who care, and registered at the desk', async () => {
    const arrived = await open();
    expect((await move(arrived, { status: 'in-progress' }, desk)).status).toBe(403);
    expect((await move(arrived, { status: 'in-progress' })).status).toBe(200);
    expect((await move(arrived, { status: 'onleave' })).status).toBe(412);
  });

  it('of an inpatient is opened by an admission, not here', async () => {
    expect((await post('', { class: 'IMP' }, desk)).status).toBe(422);
  });

  it('is over when its encounters end at once', async () => {
    const first = await open();
    const others = await Promise.all(Array.from({ length: 3 }, () => open({ class: 'VR', visitId: first.visitId })));
    const cancel = { status: 'cancelled', reason: 'Went home' };
    const answers = await Promise.all([first, ...others].map((each) => move(each, cancel, desk)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const [visit] = await sql<{ closed_at: Date | null }>('select closed_at from {schema}.visit where id = $1', [
      first.visitId,
    ]);
    expect(visit?.closed_at).toBeInstanceOf(Date);
  });

  it('shows the desk no diagnoses', async () => {
    const { id } = await open();
    await post(`/${id}/diagnoses`, { code: 'B20' });
    expect((await get(id)).diagnoses).toHaveLength(1);
    expect((await api.send<Answer>({ method: 'GET', url: at(`/${id}`) }, desk)).body.diagnoses).toEqual([]);
  });

  it('may end without a diagnosis where the hospital says so', async () => {
    const url = '/api/v1/encounter-settings';
    const change = (needsDiagnosis: boolean, version: number) =>
      api.send<{ version: number }>(
        { method: 'PATCH', url, headers: { 'if-match': `"${String(version)}"` }, payload: { needsDiagnosis } },
        admin,
      );
    const { body } = await change(false, 1);
    const begun = (await move(await open(), { status: 'in-progress' })).body;
    expect((await move(begun, { status: 'finished', disposition: 'home' })).status).toBe(200);
    expect((await change(true, body.version)).status).toBe(200);
  });

  it('is found on the worklist by state and time', async () => {
    const expected = await open({ class: 'AMB', status: 'planned', plannedFor: '2031-05-05T08:00:00Z' });
    const query = { status: 'planned', from: '2031-05-05T00:00:00Z', to: '2031-05-06T00:00:00Z' };
    const { body } = await api.send<EncounterPageDto>({ method: 'GET', url: '/api/v1/encounters', query }, desk);
    expect(body.items.map(({ id }) => id)).toEqual([expected.id]);
  });
});

describe('diagnoses', () => {
  it('are ranked as they come, by one at a time, and each code is there once', async () => {
    const { id } = await open();
    const answers = await Promise.all(
      ['I10', 'E11.9', 'N18.9', 'I10'].map((code) => post<DiagnosisDto>(`/${id}/diagnoses`, { code })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201, 409]);
    const { diagnoses } = await get(id);
    expect(diagnoses.map(({ rank }) => rank)).toEqual([1, 2, 3]);
    const [first] = diagnoses;
    expect((await api.send({ method: 'DELETE', url: at(`/${id}/diagnoses/${first?.id ?? ''}`) }, doctor)).status).toBe(
      204,
    );
    expect((await get(id)).diagnoses).toHaveLength(2);
  });

  it('are of codes that are known', async () => {
    const { id } = await open();
    const { status, body } = await post(`/${id}/diagnoses`, { code: 'Q99.9' });
    expect([status, body.code]).toEqual([422, 'request.invalid']);
  });

  it.each([
    ['heart fail', 'I50.9'],
    ['i50', 'I50.9'],
    ['pneumon', 'J18.9'],
  ])('are found by "%s"', async (q, code) => {
    const { body } = await api.send<Icd10PageDto>({ method: 'GET', url: '/api/v1/icd10-codes', query: { q } }, doctor);
    expect(body.items.map((item) => item.code)).toContain(code);
  });
});

it('the states in the database are those of the contract', async () => {
  const pairs = encounterStatuses.flatMap((from) => encounterStatuses.map((to) => ({ from, to })));
  const rows = await sql<{ may: boolean }>(
    `select {schema}.encounter_may_move(p ->> 'from', p ->> 'to') as may from jsonb_array_elements($1::jsonb) p`,
    [JSON.stringify(pairs)],
  );
  expect(rows.map(({ may }) => may)).toEqual(pairs.map(({ from, to }) => encounterMayMove(from, to)));
});

describe('the timeline', () => {
  it('merges what there is about a patient, the newest first, in pages that neither repeat nor miss anything', async () => {
    const { id } = await open({ class: 'EMER', chiefComplaint: 'Fell' });
    await post(`/${id}/diagnoses`, { code: 'S72.0' });
    await write(id);
    const record = (path: string, payload: object) =>
      api.send({ method: 'POST', url: `/api/v1/patients/${patientId}/${path}`, payload }, doctor);
    await record('conditions', { display: 'Osteoporosis' });
    await record('allergies', { substance: 'Penicillin', category: 'medication' });
    await record('observations', { values: [{ code: 'acvpu', value: 'A' }] });
    const page = async (query: Record<string, string>) =>
      (await api.send<TimelinePageDto>({ method: 'GET', url: `/api/v1/patients/${patientId}/timeline`, query }, doctor))
        .body;
    const whole = (await page({ limit: '100' })).items;
    expect(whole.map(({ kind }) => kind).sort()).toEqual(
      ['allergy', 'condition', 'diagnosis', 'encounter', 'note', 'observation'].sort(),
    );
    expect(whole.map((entry) => entry.at)).toEqual(
      whole
        .map((entry) => entry.at)
        .sort()
        .reverse(),
    );
    const paged: object[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const next: TimelinePageDto = await page({ limit: '2', ...(cursor === '' ? {} : { cursor }) });
      paged.push(...next.items);
      cursor = next.nextCursor;
    }
    expect(paged).toEqual(whole);
    const elsewhere = await api.signIn({ hospital, role: 'nurse', wardIds: [await new TestWards(hospital).ward()] });
    const url = `/api/v1/patients/${patientId}/timeline`;
    const limited = await api.send<TimelinePageDto>({ method: 'GET', url }, elsewhere);
    expect(limited.body.items.map(({ kind }) => kind)).not.toContain('observation');
    expect((await page({ kind: 'diagnosis' })).items).toMatchObject([
      { summary: 'Fracture of neck of femur (S72.0)', status: 'principal' },
    ]);
  });
});
