import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import { untilBlocking } from '../../testing/while-held.js';
import type { NoteDetailDto, NoteDto, NotePageDto } from './notes.dto.js';

let api: TestApi;
let hospital: Hospital;
let doctor: TestCaller;
let nurse: TestCaller;
let patientId: string;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  doctor = await api.signIn({ hospital, role: 'doctor' });
  nurse = await api.signIn({ hospital, role: 'nurse' });
});

beforeEach(async () => {
  patientId = await new TestWards(hospital).patient();
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const at = (path = ''): string => `/api/v1/patients/${patientId}/notes${path}`;
const progress = { kind: 'progress', text: 'Slept well.\n\tNo pain.' };
const write = <T = NoteDto>(payload: object = progress, caller = doctor) =>
  api.send<T>({ method: 'POST', url: at(), payload }, caller);
const follow = (relation: 'revision' | 'addendum', { id: parentId }: NoteDto, text = 'Slept badly.') =>
  write({ ...progress, text, relation, parentId });
const sign = ({ id }: NoteDto, caller = doctor) =>
  api.send<NoteDto>({ method: 'POST', url: at(`/${id}/signature`) }, caller);
const call = ({ id }: NoteDto, reason = 'Another patient was meant') =>
  api.send<NoteDto>({ method: 'POST', url: at(`/${id}/void`), payload: { reason } }, doctor);
const get = ({ id }: NoteDto) => api.send<NoteDetailDto>({ method: 'GET', url: at(`/${id}`) }, doctor);
const list = (query: Record<string, string> = {}) => api.send<NotePageDto>({ method: 'GET', url: at(), query }, doctor);
const refused = (code: string) => ({ status: 409, body: { code } });

describe('a note', () => {
  it('is answered as it was written', async () => {
    const { status, body, headers } = await write();
    expect({ status, etag: headers.etag }).toEqual({ status: 201, etag: '"1"' });
    expect(body).toMatchObject({
      ...progress,
      patientId,
      parentId: null,
      relation: 'original',
      authorId: doctor.id,
      clockSuspect: false,
      signedAt: null,
      status: 'current',
      version: 1,
    });
    expect((await get(body)).body).toEqual({ ...body, revisions: [] });
  });

  it('keeps the time it was written at, which is not in the future', async () => {
    const recordedAt = '2026-01-31T10:00:00.000Z';
    expect((await write({ ...progress, recordedAt })).body.recordedAt).toBe(recordedAt);
    expect((await write({ ...progress, recordedAt: '2999-01-01T00:00:00Z' })).status).toBe(422);
  });

  it('is told of without what it says', async () => {
    const { body: note } = await write();
    await sign(note);
    await call(note);
    const { rows } = await asOwner((owner) =>
      owner.query<{ type: string; payload: object }>(
        'select type, payload from public.outbox_event where hospital_id = $1 and payload @> $2 order by id',
        [hospital.id, { id: note.id }],
      ),
    );
    const { id } = note;
    expect(rows).toEqual([
      { type: 'note.written', payload: { id, patientId, version: 1 } },
      { type: 'note.signed', payload: { id, patientId, version: 2 } },
      { type: 'note.voided', payload: { id, patientId, version: 3 } },
    ]);
  });

  it.each([
    ['text', { text: '\n' }],
    ['text', { text: 'x'.repeat(20_001) }],
    ['text', { text: 'a\u0007b' }],
    ['kind', { kind: 'diary' }],
    ['parentId', { relation: 'revision' }],
    ['parentId', { parentId: '01900000-0000-7000-8000-000000000000' }],
    ['parentId', { relation: 'revision', parentId: '01900000-0000-7000-8000-000000000000' }],
  ])('names %s as the field to change', async (field, payload) => {
    const { status, body } = await write({ ...progress, ...payload });
    expect({ status, body }).toMatchObject({ status: 422, body: { errors: [{ field }] } });
  });

  it('may be as long as the database takes, in characters', async () => {
    expect((await write({ ...progress, text: '👩'.repeat(20_000) })).status).toBe(201);
  });

  it('of one patient is not found under another, nor followed there', async () => {
    const { body: note } = await write();
    patientId = await new TestWards(hospital).patient();
    expect((await get(note)).status).toBe(404);
    expect((await sign(note)).status).toBe(404);
    expect((await call(note)).status).toBe(404);
    expect(await follow('revision', note)).toMatchObject({ status: 422, body: { errors: [{ field: 'parentId' }] } });
  });

  it('is for doctors and nurses only', async () => {
    const pharmacist = await api.signIn({ hospital, role: 'pharmacist' });
    expect((await api.send({ method: 'GET', url: at() }, pharmacist)).status).toBe(403);
    expect((await write(progress, nurse)).status).toBe(201);
  });
});

describe('the list of notes', () => {
  const written = (day: number, over: object = {}, caller = doctor) =>
    write({ ...progress, recordedAt: `2026-01-0${day}T08:00:00Z`, ...over }, caller).then(({ body }) => body);

  it('is newest first, filtered, and paged without a gap', async () => {
    const [second, third, first] = [
      await written(2, { kind: 'nursing' }, nurse),
      await written(3),
      await written(1, { kind: 'discharge' }),
    ];
    expect((await list()).body.items).toEqual([third, second, first]);
    expect((await list({ kind: 'nursing' })).body.items).toEqual([second]);
    expect((await list({ authorId: nurse.id })).body.items).toEqual([second]);
    const between = { from: '2026-01-01T08:00:00Z', to: '2026-01-03T08:00:00Z' };
    expect((await list(between)).body.items).toEqual([second, first]);
    const seen: NoteDto[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const { body }: { body: NotePageDto } = await list({ limit: '1', ...(cursor ? { cursor } : {}) });
      seen.push(...body.items);
      cursor = body.nextCursor;
    }
    expect(seen).toEqual([third, second, first]);
  });
});

describe('a note that is not signed', () => {
  it('is revised, as often as needed, and keeps what it said', async () => {
    const { body: note } = await write();
    const { body: one } = await follow('revision', note, 'One');
    const { body: beside } = await follow('revision', note, 'Beside');
    const { body: two } = await follow('revision', one, 'Two');
    expect((await get(note)).body).toEqual({ ...note, revisions: [one, beside, two] });
    expect((await get(one)).body.revisions).toEqual([two]);
  });

  it('takes no addendum', async () => {
    expect(await follow('addendum', (await write()).body)).toMatchObject(refused('note.unsigned'));
  });
});

describe('a signed note', () => {
  it('says who signed it and when', async () => {
    const { body: note } = await write(progress, nurse);
    const { status, body } = await sign(note);
    expect(status).toBe(200);
    expect(body).toMatchObject({ signedBy: doctor.id, authorId: nurse.id, text: progress.text, version: 2 });
    expect(body.signedAt).not.toBeNull();
  });

  it('is signed once, whoever of several is first', async () => {
    const { body: note } = await write();
    const answers = await Promise.all([doctor, nurse, doctor, nurse].map((caller) => sign(note, caller)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    for (const answer of answers.filter(({ status }) => status === 409)) {
      expect(answer).toMatchObject(refused('note.signed'));
    }
  });

  it('is added to and not revised', async () => {
    const { body: note } = await write();
    await sign(note);
    expect(await follow('revision', note)).toMatchObject(refused('note.signed'));
    expect((await follow('addendum', note)).status).toBe(201);
  });

  it('is not revised by somebody who began before it was signed', async () => {
    const { body: note } = await write();
    const revision = await asOwner(async (owner) => {
      await owner.query('begin');
      await owner.query(
        `update ${schemaOf(hospital.slug)}.note set signed_at = now(), signed_by = created_by where id = $1`,
        [note.id],
      );
      const answer = follow('revision', note);
      await untilBlocking(owner);
      await owner.query('commit');
      return answer;
    });
    expect(revision).toMatchObject(refused('note.signed'));
  });

  it('either was revised before or is not revised, whoever is faster', async () => {
    for (let round = 0; round < 5; round++) {
      const { body: note } = await write();
      const [revised, signed] = await Promise.all([follow('revision', note), sign(note)]);
      expect(signed.status).toBe(200);
      expect([201, 409]).toContain(revised.status);
      expect((await get(note)).body.revisions).toHaveLength(revised.status === 201 ? 1 : 0);
      expect(await follow('revision', note)).toMatchObject(refused('note.signed'));
    }
  });
});

describe('a note that was an error', () => {
  it('stays in sight with the reason, once, signed or not', async () => {
    const { body: note } = await write();
    await sign(note);
    const { status, body } = await call(note);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { status: 'entered-in-error', statusReason: 'Another patient was meant', text: progress.text },
    });
    expect(await call(note)).toMatchObject(refused('note.voided'));
    expect((await list()).body.items).toEqual([body]);
  });

  it('is not signed afterwards', async () => {
    const { body: note } = await write();
    await call(note);
    expect(await sign(note)).toMatchObject(refused('note.voided'));
  });

  it('needs a reason', async () => {
    expect((await call((await write()).body, 'no')).status).toBe(422);
  });
});

describe('the history of a patient', () => {
  it('says who wrote a note, and not what', async () => {
    await write();
    const url = `/api/v1/patients/${patientId}/history`;
    const { body } = await api.send<{ items: object[] }>({ method: 'GET', url }, doctor);
    expect(body.items[0]).toMatchObject({ entity: 'note', action: 'create', actor: { id: doctor.id } });
    expect(JSON.stringify(body)).not.toContain('Slept well');
  });
});
