import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schemaOf, withOwner, type Hospital } from '@hms/database';
import { auditRows, type AuditRow } from '../../testing/audit-rows.js';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { TestWards } from '../../testing/test-ward.js';
import { AuditTrail } from './audit-trail.service.js';

const nowhere = '01900000-0000-7000-8000-000000000000';
let api: TestApi;
let hospital: Hospital;
let other: Hospital;
let wards: TestWards;

beforeAll(async () => {
  api = await TestApi.start();
  [hospital, other] = [await createTestHospital(), await createTestHospital()];
  wards = new TestWards(hospital);
});

afterAll(async () => {
  await api.close();
  await Promise.all([hospital, other].map(dropTestHospital));
});

const doctor = (at = hospital): Promise<TestCaller> => api.signIn({ hospital: at, role: 'doctor' });
const get = (url: string, caller?: { accessToken: string }) => api.send({ method: 'GET', url }, caller);
const essence = ({ action, entity, outcome, reason, patient_ids }: AuditRow) => ({
  action,
  entity,
  outcome,
  reason,
  patients: patient_ids,
});

describe('a read', () => {
  it('leaves one row with who, what, whose, from where and through what', async () => {
    const [caller, patientId] = [await doctor(), await wards.patient()];
    const headers = { 'user-agent': 'Ward tablet', 'x-request-id': 'audit-test-0001' };
    await api.send({ method: 'GET', url: `/api/v1/patients/${patientId}`, headers }, caller);
    expect(await auditRows(hospital, caller.id)).toMatchObject([
      {
        actor_roles: ['doctor'],
        action: 'read',
        entity: 'patient',
        entity_ids: [patientId],
        patient_ids: [patientId],
        operation: 'GET /api/v1/patients/:id',
        outcome: 'success',
        ip: '127.0.0.1',
        user_agent: 'Ward tablet',
        session_id: caller.sessionId,
        request_id: 'audit-test-0001',
      },
    ]);
  });

  it('of a list leaves one row with everybody shown', async () => {
    const caller = await doctor();
    const shown = [await wards.patient('Audited'), await wards.patient('Audited')];
    await get('/api/v1/patients?q=Audited', caller);
    const rows = await auditRows(hospital, caller.id);
    expect(rows).toHaveLength(1);
    expect([...rows[0]!.patient_ids].sort()).toEqual([...shown].sort());
  });

  it('is answered only with its row: as many rows as answers of 200 at once, in the right hospitals', async () => {
    const callers = [await doctor(), await doctor(other)];
    const ids = [await wards.patient(), await new TestWards(other).patient()];
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) => get(`/api/v1/patients/${ids[i % 2]!}`, callers[i % 2])),
    );
    const answered = [0, 1].map((at) => answers.filter(({ status }, i) => status === 200 && i % 2 === at).length);
    const [here, there] = [await auditRows(hospital, callers[0]!.id), await auditRows(other, callers[1]!.id)];
    expect([here.length, there.length]).toEqual(answered);
    expect(here.length + there.length).toBeGreaterThan(100);
    expect(new Set([...here, ...there].map(({ xid }) => xid)).size).toBeLessThan(here.length + there.length);
  });

  it('is a 503 when its row cannot be written, and shows nothing', async () => {
    const [caller, patientId] = [await doctor(other), await new TestWards(other).patient('Unseen')];
    const table = `${schemaOf(other.slug)}.audit_event`;
    await asOwner((owner) => owner.query(`alter table ${table} rename to audit_event_away`));
    const refused = await get(`/api/v1/patients/${patientId}`, caller);
    await asOwner((owner) => owner.query(`alter table ${table}_away rename to audit_event`));
    expect(refused.status).toBe(503);
    expect(JSON.stringify(refused.body)).not.toContain('Unseen');
    expect((await get(`/api/v1/patients/${patientId}`, caller)).status).toBe(200);
  });

  describe('while the rows of one hospital cannot be written', () => {
    const broken = () => `${schemaOf(other.slug)}.audit_event`;
    const statusesOf = (url: string, caller: TestCaller, count: number) =>
      Promise.all(Array.from({ length: count }, () => get(url, caller).then(({ status }) => status)));
    const sleepers = () =>
      withOwner(process.env['DATABASE_URL']!, async (login) => {
        const asleep = `select from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`;
        return (await login.query(asleep)).rowCount;
      });
    const patientOf = async (at: Hospital) => `/api/v1/patients/${await new TestWards(at).patient()}`;

    it('is a 503 there only, because its table is gone', async () => {
      const [here, there] = [await doctor(), await doctor(other)];
      const [url, brokenUrl] = [await patientOf(hospital), await patientOf(other)];
      await asOwner((owner) => owner.query(`alter table ${broken()} rename to audit_event_away`));
      const answers = await Promise.all(
        Array.from({ length: 80 }, (_, i) => (i % 2 === 0 ? get(url, here) : get(brokenUrl, there))),
      );
      await asOwner((owner) => owner.query(`alter table ${broken()}_away rename to audit_event`));
      const statuses = [0, 1].map((at) => new Set(answers.filter((_, i) => i % 2 === at).map(({ status }) => status)));
      expect(statuses).toEqual([new Set([200]), new Set([503])]);
      expect(await auditRows(hospital, here.id)).toHaveLength(40);
    });

    it('waits there only, because its table is locked', async () => {
      const [here, there] = [await doctor(), await doctor(other)];
      const [url, brokenUrl] = [await patientOf(hospital), await patientOf(other)];
      await asOwner(async (owner) => {
        await owner.query(`begin; lock table ${broken()} in access exclusive mode`);
        const waiting = [await statusesOf(brokenUrl, there, 1), statusesOf(brokenUrl, there, 20)] as const;
        const startedAt = Date.now();
        expect(await statusesOf(url, here, 40)).toEqual(Array(40).fill(200));
        expect(Date.now() - startedAt).toBeLessThan(1_500);
        expect([...waiting[0], ...(await waiting[1])]).toEqual(Array(21).fill(503));
        await owner.query('rollback');
      });
      expect(await statusesOf(brokenUrl, there, 1)).toEqual([200]);
    });

    it('is late there only, because its table is slow, and leaves no statement behind', async () => {
      const [here, there] = [await doctor(), await doctor(other)];
      const [url, brokenUrl] = [await patientOf(hospital), await patientOf(other)];
      const schema = schemaOf(other.slug);
      await asOwner((owner) =>
        owner.query(`create function ${schema}.slow() returns trigger language plpgsql as
                       $$ begin perform pg_sleep(20); return new; end $$;
                     create trigger slow before insert on ${broken()} for each row execute function ${schema}.slow()`),
      );
      const slow = statusesOf(brokenUrl, there, 10);
      const first = await statusesOf(url, here, 40);
      const startedAt = Date.now();
      expect([...first, ...(await statusesOf(url, here, 40))]).toEqual(Array(80).fill(200));
      expect(Date.now() - startedAt).toBeLessThan(1_500);
      expect(await slow).toEqual(Array(10).fill(503));
      expect(await sleepers()).toBe(0);
      await asOwner((owner) => owner.query(`drop function ${schema}.slow() cascade`));
      expect(await statusesOf(brokenUrl, there, 1)).toEqual([200]);
    }, 20_000);
  });
});

describe('a write', () => {
  it('leaves one row of its own', async () => {
    const caller = await doctor();
    const payload = { familyName: 'Written', givenName: 'Once' };
    const { body } = await api.send<{ id: string }>({ method: 'POST', url: '/api/v1/patients', payload }, caller);
    expect((await auditRows(hospital, caller.id)).map(essence)).toEqual([
      { action: 'create', entity: 'patient', outcome: 'success', reason: null, patients: [body.id] },
    ]);
  });

  it('that is refused leaves a row only of whom the refusal showed', async () => {
    const caller = await doctor();
    const payload = { familyName: 'Twin', givenName: 'Same', birthDate: '1990-01-01' };
    const create = () => api.send<{ id: string }>({ method: 'POST', url: '/api/v1/patients', payload }, caller);
    const { id } = (await create()).body;
    expect((await create()).status).toBe(409);
    await api.send({ method: 'POST', url: '/api/v1/patients', payload: {} }, caller);
    expect((await auditRows(hospital, caller.id)).map(essence).slice(1)).toEqual([
      { action: 'read', entity: 'patient', outcome: 'failed', reason: 'patient.possible-duplicate', patients: [id] },
    ]);
  });
});

describe('a denial', () => {
  it.each([
    ['of somebody without the right', 'billing_clerk', 'auth.forbidden'],
    ['of what is not there', 'doctor', 'patient.not-found'],
  ] as const)('%s leaves a row', async (_, role, reason) => {
    const caller = await api.signIn({ hospital, role });
    await get(`/api/v1/patients/${nowhere}`, caller);
    expect((await auditRows(hospital, caller.id)).map(essence)).toEqual([
      { action: 'read', entity: 'patient', outcome: 'denied', reason, patients: [nowhere] },
    ]);
  });

  it('of a session that ended leaves a row with whose it was', async () => {
    const caller = await doctor();
    expect((await api.send({ method: 'POST', url: '/api/v1/auth/logout' }, caller)).status).toBe(204);
    await get(`/api/v1/patients/${nowhere}`, caller);
    const rows = (await auditRows(hospital, caller.id)).filter(({ outcome }) => outcome === 'denied');
    expect(rows).toMatchObject([{ reason: 'auth.unauthenticated', session_id: caller.sessionId, actor_roles: [] }]);
  });

  it('of somebody unknown leaves none, so that nobody can fill the table', async () => {
    const rows = async () =>
      [...(await auditRows(hospital)), ...(await auditRows(null))].filter(
        ({ actor_id, operation }) => actor_id === null && operation === 'GET /api/v1/patients/:id',
      );
    expect((await get(`/api/v1/patients/${nowhere}`)).status).toBe(401);
    expect((await get(`/api/v1/patients/${nowhere}`, { accessToken: 'x.y.z' })).status).toBe(401);
    expect(await rows()).toEqual([]);
  });
});

describe("the application's role", () => {
  const keyOf = { audit_event: 'id', audit_chain: 'seq', audit_checkpoint: 'seq' };

  it.each([
    'update %s set key = null',
    'delete from %s',
    'truncate %s',
    'drop table %s',
    'alter table %s disable trigger all',
  ])('may not: %s', async (statement) => {
    const schema = schemaOf(hospital.slug);
    for (const [table, key] of Object.entries(keyOf)) {
      await withOwner(process.env['DATABASE_URL']!, async (login) => {
        await login.query(`begin; set local role ${schema}`);
        const attempt = login.query(statement.replace('%s', `${schema}.${table}`).replace('key', key));
        await expect(attempt).rejects.toMatchObject({ code: '42501' });
      });
    }
  });

  it('has the trigger behind it: not even the owner changes a row', async () => {
    const table = `${schemaOf(hospital.slug)}.audit_event`;
    await asOwner(async (owner) => {
      for (const statement of [`update ${table} set ip = null`, `delete from ${table}`, `truncate ${table}`]) {
        await expect(owner.query(statement)).rejects.toMatchObject({ code: '42501' });
      }
    });
  });
});

describe('signing in', () => {
  it('leaves a row in the hospital for a success, and with the platform for a failure, without the address', async () => {
    const email = `nobody.${String(Date.now())}@example.test`;
    const payload = { email, password: 'a wrong password 1!' };
    // From where no other test tries passwords.
    const remoteAddress = '198.51.100.174';
    const login = { method: 'POST', url: '/api/v1/auth/login', payload, remoteAddress };
    expect((await api.send(login)).status).toBe(401);
    const pseudonym = api.application.nest.get(AuditTrail).pseudonym(email);
    const failed = (await auditRows(null)).filter(({ entity_ids }) => entity_ids.includes(pseudonym));
    expect(failed.map(essence)).toEqual([
      { action: 'login', entity: 'account', outcome: 'failed', reason: 'auth.invalid-credentials', patients: [] },
    ]);
    expect(JSON.stringify(failed)).not.toContain('nobody');
  });
});

describe('reading the audit', () => {
  it('shows an administrator who read a record, and is itself a row', async () => {
    const [caller, admin] = [await doctor(), await api.signIn({ hospital, role: 'hospital_admin' })];
    const patientId = await wards.patient();
    await get(`/api/v1/patients/${patientId}`, caller);
    const shown = [
      await get(`/api/v1/audit?actor=${caller.id}&patient=${patientId}&action=read&outcome=success`, admin),
      await get(`/api/v1/patients/${patientId}/access-log`, admin),
    ];
    for (const { body } of shown) {
      expect(body).toMatchObject({
        items: [{ actorId: caller.id, actorName: 'Test doctor', patientIds: [patientId] }],
      });
    }
    expect((await auditRows(hospital, admin.id)).map(({ operation }) => operation)).toEqual([
      'GET /api/v1/audit',
      'GET /api/v1/patients/:id/access-log',
    ]);
  });

  it('goes page by page and keeps to its period', async () => {
    const [caller, admin] = [await doctor(), await api.signIn({ hospital, role: 'hospital_admin' })];
    const patientId = await wards.patient();
    for (let i = 0; i < 3; i += 1) await get(`/api/v1/patients/${patientId}`, caller);
    type Page = { items: { id: string }[]; nextCursor: string | null };
    const page = async (more: string): Promise<Page> =>
      (await api.send<Page>({ method: 'GET', url: `/api/v1/audit?actor=${caller.id}&limit=2${more}` }, admin)).body;
    const first = await page('');
    const second = await page(`&cursor=${first.nextCursor!}`);
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([2, 1, null]);
    expect((await page('&to=2020-01-01T00:00:00Z')).items).toEqual([]);
  });

  it('shows a patient who looked at its own record, and nobody who was denied', async () => {
    const patientId = await wards.patient();
    const own = await api.signIn({ hospital, role: 'patient', patientId });
    await get(`/api/v1/patients/${patientId}`, await doctor());
    await get(`/api/v1/patients/${patientId}`, await api.signIn({ hospital, role: 'billing_clerk' }));
    const { body } = await get('/api/v1/me/patient/access-log', own);
    expect(body).toMatchObject({ items: [{ actorName: 'Test doctor', action: 'read', brokeGlass: false }] });
    expect((body as unknown as { items: unknown[] }).items).toHaveLength(1);
  });
});
