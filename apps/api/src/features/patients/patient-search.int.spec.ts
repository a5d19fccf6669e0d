import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '@hms/contracts';
import { schemaOf, type Hospital } from '@hms/database';
import { uuidv7 } from 'uuidv7';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { until } from '../../testing/until.js';
import type { PatientPageDto } from './patients.dto.js';

let api: TestApi;
let hospital: Hospital;
let doctor: TestCaller;
let admin: TestCaller;

beforeAll(async () => {
  api = await TestApi.start();
  hospital = await createTestHospital();
  doctor = await api.signIn({ hospital, role: 'doctor' });
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const list = <T = PatientPageDto>(query: Record<string, string>, caller = doctor) =>
  api.send<T>({ method: 'GET', url: '/api/v1/patients', query }, caller);
const namesOf = async (query: Record<string, string>): Promise<string[]> =>
  (await list({ limit: '100', ...query })).body.items.map((p) => `${p.givenName} ${p.familyName}`);

interface Person {
  readonly familyName: string;
  readonly givenName: string;
  readonly birthDate?: string;
  readonly phone?: string;
}

const register = async (person: Person): Promise<{ id: string; mrn: string; version: number }> =>
  (
    await api.send<{ id: string; mrn: string; version: number }>(
      { method: 'POST', url: '/api/v1/patients', payload: person },
      doctor,
    )
  ).body;

/** As many people as are asked for, past the API, in one statement. */
const insertPeople = (familyNames: readonly string[], givenName: string): Promise<unknown> =>
  asOwner((owner) =>
    owner.query(
      `insert into ${schemaOf(hospital.slug)}.patient (id, mrn, family_name, given_name, created_by, updated_by)
       select id, id::text, family_name, $3, $4, $4 from unnest($1::uuid[], $2::text[]) as person (id, family_name)`,
      [familyNames.map(() => uuidv7()), familyNames, givenName, doctor.id],
    ),
  );

describe('a search for a patient', () => {
  const smith = { familyName: 'Smith', givenName: 'John', birthDate: '1980-05-17', phone: '+353 (86) 123-4567' };
  let mrn: string;

  beforeAll(async () => {
    mrn = (await register(smith)).mrn;
    await register({ familyName: 'Smithers', givenName: 'Joan', birthDate: '1980-05' });
    await register({ familyName: 'O’Sullivan', givenName: 'Seán Óg', birthDate: '1955', phone: '01 999 5678' });
    await register({ familyName: 'Иванов', givenName: 'Пётр' });
    await register({ familyName: '王', givenName: '伟' });
    await register({ familyName: 'Ibrahim', givenName: 'Amina Fatima' });
  });

  it.each([
    ['Jonh Smyth', 'John Smith'],
    ['smith john', 'John Smith'],
    ['smth', 'John Smith'],
    ['sean osullivan', 'Seán Óg O’Sullivan'],
    ["O'Sullivan", 'Seán Óg O’Sullivan'],
    ['OG SULIVAN', 'Seán Óg O’Sullivan'],
    ['fatma ibrahim', 'Amina Fatima Ibrahim'],
    ['иваноф', 'Пётр Иванов'],
    ['王', '伟 王'],
    ['am', 'Amina Fatima Ibrahim'],
  ])('for %j finds %s first', async (q, name) => {
    expect((await namesOf({ q }))[0]).toBe(name);
  });

  it.each([
    ['86 123 4567'],
    ['+353861234567'],
    ['0861234567'],
    ['1234567'],
    ['1980-05-17'],
    ['17.05.1980'],
    ['smith 1980-05-17'],
  ])('for %j finds nobody else', async (q) => {
    expect(await namesOf({ q })).toEqual(['John Smith']);
  });

  it('finds a record number with or without its zeros', async () => {
    expect(await namesOf({ q: mrn })).toEqual(['John Smith']);
    expect(await namesOf({ q: String(Number(mrn)) })).toEqual(['John Smith']);
    expect(await namesOf({ mrn: String(Number(mrn)) })).toEqual(['John Smith']);
  });

  it('finds who was born within the time that was given', async () => {
    expect(await namesOf({ birthDate: '1980-05' })).toEqual(['John Smith', 'Joan Smithers']);
    expect(await namesOf({ birthDate: '1955' })).toEqual(['Seán Óg O’Sullivan']);
    expect(await namesOf({ birthDate: '1980-06' })).toEqual([]);
  });

  it('finds only who fits every filter', async () => {
    expect(await namesOf({ name: 'smith', birthDate: '1980-05', phone: '1234567' })).toEqual(['John Smith']);
    expect(await namesOf({ name: 'smith', phone: '9995678' })).toEqual([]);
  });

  it('takes percent signs, underscores and backslashes as they are', async () => {
    expect(await namesOf({ q: 'S%n\\_' })).toEqual([]);
  });

  it('counts the whole list only when asked', async () => {
    const query = { q: 'smith', limit: '1' };
    expect((await list(query)).headers['x-total-count']).toBeUndefined();
    const { headers, body } = await list({ ...query, count: 'true' });
    expect(headers['x-total-count']).toBe('2');
    expect(Object.keys(body)).toEqual(['items', 'nextCursor']);
  });

  it.each([
    [{ q: '?!' }, 'q'],
    [{ q: '  ' }, 'q'],
    [{ name: '…' }, 'name'],
    [{ phone: '0-1-2' }, 'phone'],
    [{ birthDate: '1980-13' }, 'birthDate'],
    [{ mrn: 'x' }, 'mrn'],
    [{ limit: '101' }, 'limit'],
    [{ cursor: 'nonsense' }, 'cursor'],
    [
      { cursor: Buffer.from('["a","b\\u0000","01900000-0000-7000-8000-000000000000"]').toString('base64url') },
      'cursor',
    ],
    [{ surprise: '1' }, 'surprise'],
  ])('that says %j names the parameter to change', async (query, field) => {
    const { status, body } = await list<Problem>(query);
    expect({ status, field: body.errors?.[0]?.field }).toEqual({ status: 422, field });
  });

  it('never fails, whatever is typed', async () => {
    for (const q of ['\ud800', '’'.repeat(100), '1'.repeat(18), '0000', '%', "'; drop table patient", '٣٤٥٦', '½']) {
      expect([200, 422]).toContain((await list({ q })).status);
    }
    expect(await list<Problem>({ q: '\0' })).toMatchObject({ status: 400, body: { code: 'request.malformed' } });
  });

  it('shows deleted records only on demand and only to those who may restore them', async () => {
    const gone = await register({ familyName: 'Verydeleted', givenName: 'Ann' });
    const request = { method: 'DELETE', url: `/api/v1/patients/${gone.id}`, headers: { 'if-match': '"1"' } } as const;
    await api.send({ ...request, payload: { reason: 'twice' } }, admin);
    const query = { q: 'verydeleted', includeDeleted: 'true' };
    expect((await list({ q: 'verydeleted' }, admin)).body.items).toEqual([]);
    expect((await list(query, admin)).body.items).toMatchObject([{ id: gone.id, deletedReason: 'twice' }]);
    expect((await list(query)).status).toBe(403);
  });
});

async function follow(query: Record<string, string>, onPage: () => Promise<unknown> = () => Promise.resolve()) {
  const [ids, sizes]: [string[], number[]] = [[], []];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const { body }: { body: PatientPageDto } = await list({ ...query, ...(cursor ? { cursor } : {}) });
    ids.push(...body.items.map(({ id }) => id));
    sizes.push(body.items.length);
    cursor = body.nextCursor;
    await onPage();
  }
  return { ids, pages: sizes.length };
}

describe('the pages of a list', () => {
  it('show 1,000 patients once each while others are registered in between', async () => {
    await insertPeople(
      Array.from({ length: 1_000 }, (_, i) => `Page ${String(i % 250).padStart(4, '0')}`),
      'Stable',
    );
    const before = (await follow({ limit: '100' })).ids;
    let page = 0;
    const { ids, pages } = await follow({ limit: '1' }, async () => {
      page += 1;
      if (page % 10 === 0)
        await insertPeople([`Page ${String((page * 7) % 250).padStart(4, '0')}`, 'Aaa', 'Zzz'], 'New');
    });
    const seen = new Set(ids);
    expect(pages).toBeGreaterThan(1_000);
    expect(seen.size).toBe(ids.length);
    expect(before.filter((id) => !seen.has(id))).toEqual([]);
  }, 60_000);

  it('by relevance show everybody once too', async () => {
    const all = (await follow({ q: 'page stable', limit: '100' })).ids;
    const { ids } = await follow({ q: 'page stable', limit: '49' });
    expect(all.length).toBeGreaterThanOrEqual(1_000);
    expect(ids).toEqual(all);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('of one list do not continue another', async () => {
    const { nextCursor } = (await list({ q: 'page', limit: '1' })).body;
    expect((await list<Problem>({ cursor: nextCursor! })).status).toBe(422);
  });
});

describe('20,000 patients', () => {
  it('are searched by name through the trigram index', async () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    const nameOf = (i: number): string => Array.from({ length: 6 }, (_, k) => letters[(i * (k * 2 + 3)) % 26]).join('');
    await insertPeople(
      Array.from({ length: 20_000 }, (_, i) => nameOf(i)),
      'Many',
    );
    const schema = schemaOf(hospital.slug);
    await asOwner((owner) => owner.query(`vacuum analyze ${schema}.patient`));
    const scans = async (): Promise<number> => {
      const { rows } = await asOwner((owner) =>
        owner.query<{ scans: number }>(
          `select idx_scan::int as scans from pg_stat_user_indexes where schemaname = $1 and indexrelname = 'patient_search_name'`,
          [schema],
        ),
      );
      return rows[0]!.scans;
    };
    const before = await scans();
    expect((await namesOf({ q: 'Jonh Smyth' }))[0]).toBe('John Smith');
    // A connection's counters are published when it ends a transaction a second later.
    await until(async () => (await list({ limit: '1' })).status === 200 && (await scans()) > before);
  }, 30_000);
});
