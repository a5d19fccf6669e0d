import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import { metricsRegistry } from '../../platform/observability/observability.tokens.js';
import type { Registry } from '@hms/service-kit';
import { TestApi, type TestCaller } from '../../testing/test-api.js';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import type { PatientDto, PatientPageDto } from './patients.dto.js';

let api: TestApi;
let hospitals: Hospital[];
let receptionists: TestCaller[];

const system = 'urn:oid:2.16.840.1.113883.2.1.4.1';
let people = 0;

async function register(value: string, at = 0, extra: object = {}): Promise<PatientDto> {
  people += 1;
  const payload = { familyName: `Person${people}`, givenName: 'Ann', identifiers: [{ system, value }], ...extra };
  const { status, body } = await api.send<PatientDto>(
    { method: 'POST', url: '/api/v1/patients', payload },
    receptionists[at],
  );
  expect(status).toBe(201);
  return body;
}

const find = (identifier: string, at = 0) =>
  api.send<PatientPageDto>({ method: 'GET', url: '/api/v1/patients', query: { identifier } }, receptionists[at]);
const idsFoundBy = async (identifier: string, at = 0) => (await find(identifier, at)).body.items.map(({ id }) => id);

const rowsOf = (patient: PatientDto, at = 0) =>
  asOwner(async (owner) => {
    const { rows } = await owner.query<{ id: string; sealed: string; index: Buffer }>(
      `select id, value_sealed as sealed, value_index as index
         from ${schemaOf(hospitals[at]!.slug)}.patient_identifier where patient_id = $1`,
      [patient.id],
    );
    return rows;
  });

/** Everything the hospital's tables hold, as text. */
const dump = (at = 0): Promise<string> =>
  asOwner(async (owner) => {
    const schema = schemaOf(hospitals[at]!.slug);
    const { rows: tables } = await owner.query<{ name: string }>(
      `select quote_ident(tablename) as name from pg_tables where schemaname = $1`,
      [schema],
    );
    const contents: string[] = [];
    for (const { name } of tables) {
      const { rows } = await owner.query<{ row: string }>(`select t::text as row from ${schema}.${name} t`);
      contents.push(...rows.map(({ row }) => row));
    }
    return contents.join('\n');
  });

beforeAll(async () => {
  api = await TestApi.start();
  hospitals = [await createTestHospital(), await createTestHospital()];
  receptionists = [];
  for (const hospital of hospitals) receptionists.push(await api.signIn({ hospital, role: 'receptionist' }));
});

afterAll(async () => {
  await api.close();
  for (const hospital of hospitals) await dropTestHospital(hospital);
});

describe('an identifier of a patient', () => {
  it('finds its patient in any spelling, and nobody else', async () => {
    const patient = await register('943-476 5919a');
    await register('943-476 5918');
    for (const spelling of ['943-476 5919a', '9434765919A', '９４３ 476\u20115919 a']) {
      expect(await idsFoundBy(`${system}|${spelling}`)).toEqual([patient.id]);
    }
    expect(await idsFoundBy(`urn:other|943-476 5919a`)).toEqual([]);
    expect(await idsFoundBy(`${system}|943-476`)).toEqual([]);
  });

  it('finds nobody once it has ended', async () => {
    const patient = await register('E-1');
    const headers = { 'if-match': `"${patient.version}"` };
    const url = `/api/v1/patients/${patient.id}`;
    await api.send({ method: 'PATCH', url, headers, payload: { identifiers: [] } }, receptionists[0]);
    expect(await idsFoundBy(`${system}|E-1`)).toEqual([]);
  });

  it.each(['9434765919', '|9434765919', `${system}|`, `${system}|--`])(
    'is asked for as system|value, not %s',
    async (text) => {
      expect(await find(text)).toMatchObject({ status: 422, body: { errors: [{ field: 'identifier' }] } });
    },
  );

  it('is taken in any spelling', async () => {
    await register('T-77');
    const identifiers = [{ system, value: 't 77' }];
    const payload = { familyName: 'Other', givenName: 'One', identifiers };
    expect(await api.send({ method: 'POST', url: '/api/v1/patients', payload }, receptionists[0])).toMatchObject({
      status: 409,
      body: { code: 'patient.identifier-taken' },
    });
  });

  it('is nowhere in the database of the hospital, where a name is', async () => {
    const patient = await register('CANARY5551', 0, { familyName: 'Clearname' });
    const url = `/api/v1/patients/${patient.id}`;
    const payload = { identifiers: [{ system, value: 'CANARY5552' }] };
    await api.send({ method: 'PATCH', url, headers: { 'if-match': '"1"' }, payload }, receptionists[0]);
    const content = await dump();
    expect(content).toContain('Clearname');
    expect(content).not.toMatch(/CANARY/i);
    expect(content).not.toContain(Buffer.from('CANARY').toString('hex'));
    expect(content).not.toContain(Buffer.from('CANARY555').toString('base64url'));
  });

  it('looks different in another hospital', async () => {
    const [one, other] = [await register('SAME-1'), await register('SAME-1', 1)];
    const [here, there] = [(await rowsOf(one))[0]!, (await rowsOf(other, 1))[0]!];
    expect(here.index.equals(there.index)).toBe(false);
    expect(here.sealed.split('.')[1]).not.toBe(there.sealed.split('.')[1]);
    expect(await idsFoundBy(`${system}|SAME-1`, 1)).toEqual([other.id]);
  });

  it('moved to another row is refused, told and counted, never shown', async () => {
    const [victim, thief] = [await register('VICTIM-1'), await register('THIEF-1')];
    const [from, to] = [(await rowsOf(victim))[0]!, (await rowsOf(thief))[0]!];
    const table = `${schemaOf(hospitals[0]!.slug)}.patient_identifier`;
    await asOwner((owner) => owner.query(`update ${table} set value_sealed = $1 where id = $2`, [from.sealed, to.id]));
    const answer = await api.send({ method: 'GET', url: `/api/v1/patients/${thief.id}` }, receptionists[0]);
    expect(answer).toMatchObject({ status: 500, body: { code: 'encryption.unreadable' } });
    expect(JSON.stringify(answer.body)).not.toMatch(/VICTIM|v1\./);
    const registry = api.application.nest.get<Registry>(metricsRegistry, { strict: false });
    expect(await registry.metrics()).toMatch(/encryption_unreadable_total\{[^}]*column="value_sealed"[^}]*\} [1-9]/);
  });

  it('keeps its value: the hospital may only end it', async () => {
    const patient = await register('FIXED-1');
    const schema = schemaOf(hospitals[0]!.slug);
    const change = asOwner(async (owner) => {
      await owner.query(`set role ${schema}`);
      await owner.query(`update ${schema}.patient_identifier set value_sealed = 'v1.x' where patient_id = $1`, [
        patient.id,
      ]);
    });
    await expect(change).rejects.toMatchObject({ code: '42501' });
  });
});
