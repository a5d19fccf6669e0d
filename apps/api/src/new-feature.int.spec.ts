import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Module, Post } from '@nestjs/common';
import { HospitalDatabase, schemaOf, type Hospital } from '@hms/database';
import { Access, Returns } from './platform/access/access.decorator.js';
import { Outbox } from './platform/events/outbox.service.js';
import { auditRows } from './testing/audit-rows.js';
import { ProbeFeature, type ProbeDto } from './testing/probe-feature.js';
import { TestApi, type TestCaller } from './testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from './testing/test-hospital.js';
import { until } from './testing/until.js';

let api: TestApi;
let hospital: Hospital;
let admin: TestCaller;
let feature: ProbeFeature;

beforeAll(async () => {
  api = await TestApi.start({}, [ProbeFeature]);
  hospital = await createTestHospital();
  admin = await api.signIn({ hospital, role: 'hospital_admin' });
  feature = api.application.nest.get(ProbeFeature, { strict: false });
});

afterAll(async () => {
  await api.close();
  await dropTestHospital(hospital);
});

const url = '/api/v1/probe/wards';
const probe = () => ({ code: `P-${randomUUID().slice(0, 8).toUpperCase()}`, name: 'Probe' });
const create = (payload = probe(), key: string = randomUUID()) =>
  api.send<ProbeDto>({ method: 'POST', url, payload, headers: { 'idempotency-key': key } }, admin);
const read = (id: string, caller = admin) => api.send<ProbeDto>({ method: 'GET', url: `${url}/${id}` }, caller);

describe('a feature that only declares', () => {
  it('has its effect, its audit row and its event once, however often it is asked', async () => {
    const [payload, key] = [probe(), randomUUID()];
    const { id } = (await create(payload, key)).body;
    expect((await create(payload, key)).headers['idempotency-replayed']).toBe('true');
    const rows = (await auditRows(hospital, admin.id)).filter((row) => row.entity_ids.includes(id));
    expect(rows.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(['create success', 'read success']);
    const events = await asOwner((owner) =>
      owner.query('select from public.outbox_event where hospital_id = $1 and payload @> $2', [hospital.id, { id }]),
    );
    expect(events.rowCount).toBe(1);
  });

  it('reads the database once until somebody writes, and never answers what was before', async () => {
    const { id } = (await create()).body;
    // The cache is not believed in the first seconds of a process.
    await until(async () => {
      const { reads } = feature.probes;
      return (await read(id)).status === 200 && feature.probes.reads === reads;
    });
    const before = feature.probes.reads;
    for (let i = 0; i < 5; i += 1) expect((await read(id)).body.name).toBe('Probe');
    expect(feature.probes.reads).toBe(before);
    const payload = { ...probe(), name: 'Renamed' };
    await api.send({ method: 'POST', url: `${url}/${id}/rename`, payload }, admin);
    expect((await read(id)).body.name).toBe('Renamed');
  });

  it('forgets what an event makes obsolete, whoever caused it', async () => {
    const { id } = (await create()).body;
    expect((await read(id)).body.name).toBe('Probe');
    const database = api.application.nest.get(HospitalDatabase, { strict: false });
    const outbox = api.application.nest.get(Outbox, { strict: false });
    await database.inHospital(hospital, async (tx) => {
      const { version } = await tx.ward.update({ where: { id }, data: { name: 'Elsewhere' } });
      const event = { type: 'ward.changed' as const, payload: { id, version }, hospitalId: hospital.id, actorId: null };
      await outbox.add(tx, event);
    });
    await until(async () => (await read(id)).body.name === 'Elsewhere');
  });

  it('audits reads and refusals, and says what is left of the quota', async () => {
    const { id } = (await create()).body;
    const [nurse, patient] = await Promise.all([
      api.signIn({ hospital, role: 'nurse' }),
      api.signIn({ hospital, role: 'patient' }),
    ]);
    expect((await read(id, nurse)).headers['ratelimit']).toBeDefined();
    expect((await read(id, patient)).status).toBe(403);
    const told = async (who: TestCaller) =>
      (await auditRows(hospital, who.id)).map(({ action, outcome }) => `${action} ${outcome}`);
    expect([await told(nurse), await told(patient)]).toEqual([['read success'], ['read denied']]);
  });

  it('leaves nothing behind when it fails', async () => {
    const taken = probe();
    await create(taken);
    const key = randomUUID();
    expect((await create(taken, key)).status).toBeGreaterThanOrEqual(400);
    const kept = await asOwner((owner) =>
      owner.query(`select from ${schemaOf(hospital.slug)}.idempotency_key where key = $1`, [key]),
    );
    expect(kept.rowCount).toBe(0);
  });
});

describe('a feature that does not declare', () => {
  it('keeps the application from starting', async () => {
    @Controller('api/v1/careless')
    class CarelessController {
      @Post()
      @Access('patient:write')
      @Returns(201)
      create(): object {
        return {};
      }
    }
    @Module({ controllers: [CarelessController] })
    class CarelessFeature {}
    const missing = 'POST /api/v1/careless: @Audited or @NotAudited and @Idempotent or @NotIdempotent';
    await expect(TestApi.start({}, [CarelessFeature])).rejects.toThrow(missing);
  });
});
