import { randomInt, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import pg from 'pg';
import { ask, eventually, signIn, type Answer } from '../acceptance/support/client.js';
import { hospitalA, hospitalB, required, type DemoHospital } from '../acceptance/support/stack.js';
import { kill } from './support/kill.js';

/*
 * Clerks register and read patients through Nginx, and doctors break the glass again and again, while API, worker and Redis
 * are killed at random moments. Whoever lost an answer sends the request again with its key, as the documents tell
 * client developers. CHAOS_SEED draws the same victims and pauses again.
 */

const seed = Number(process.env['CHAOS_SEED'] ?? randomInt(2 ** 31));
const services = ['api', 'worker', 'redis'] as const;
const draw = <T>(from: fc.Arbitrary<T>, count: number): T[] => fc.sample(from, { seed, numRuns: count });
/** Each five times, and six that are drawn. */
const victims = [
  ...services,
  ...services,
  ...services,
  ...services,
  ...services,
  ...draw(fc.constantFrom(...services), 6),
];
const [kills = []] = draw(fc.shuffledSubarray(victims, { minLength: victims.length }), 1);
const pausesMs = draw(fc.integer({ min: 50, max: 400 }), kills.length);
const owner = new pg.Client({ connectionString: required('DATABASE_DIRECT_URL') });
/** What a service without an outbox does: it tells Redis after its commit, once. */
const bypass = new Redis(required('REDIS_URL'), {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 500,
  retryStrategy: () => 50,
});
bypass.on('error', () => undefined);
const bypassed = `{chaos}:${randomUUID()}`;

/** What the clerks were told. */
const registered = new Map<string, DemoHospital>();
const readings: { readonly requestId: string; readonly hospital: DemoHospital }[] = [];
/** Ids of the times the glass was broken. */
const opened = new Map<string, DemoHospital>();
let working = true;
/** Breaking the glass needs a sign-in of the last five minutes. */
const provedUntil = Date.now() + 280_000;

beforeAll(async () => {
  process.stdout.write(`chaos: CHAOS_SEED=${seed} kills ${kills.join(' ')}\n`);
  await owner.connect();
});

afterAll(async () => {
  for (const hospital of [hospitalA, hospitalB]) await limitDoctors(hospital, []);
  await bypass.del(bypassed).catch(() => undefined);
  bypass.disconnect();
  await owner.end();
});

/** The answer, however often it takes to get one. */
async function insist<T>(question: () => ReturnType<typeof ask<T>>, isDone = isTaken): Promise<T> {
  let answer: Answer<T> | undefined;
  for (const end = Date.now() + 90_000; Date.now() < end;) {
    answer = await question().catch(() => undefined);
    if (answer && isDone(answer)) return answer.body;
    if (answer && ![409, 429, 502, 503, 504].includes(answer.status)) {
      throw new Error(`refused with ${answer.status}: ${JSON.stringify(answer.body)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no answer for 90 seconds but ${JSON.stringify(answer?.body)}`);
}

const isTaken = ({ status }: Answer<unknown>): boolean => status < 300;
/** It was, if the answer was lost. */
const isEnded = (answer: Answer<unknown>): boolean =>
  isTaken(answer) || JSON.stringify(answer.body).includes('.ended"');

/** Only somebody of a ward has glass to break. */
async function limitDoctors({ id }: DemoHospital, wards: readonly string[]): Promise<void> {
  const limit = `update public.membership set ward_ids = $2 where hospital_id = $1 and role = 'doctor'`;
  await owner.query(limit, [id, wards]);
}

async function doctor(hospital: DemoHospital, token: string): Promise<void> {
  const path = `/api/v1/patients/${hospital.patients[0]?.id ?? ''}/break-glass`;
  const body = { reasonCode: 'emergency', justification: 'Everything around is being killed' };
  while (working && Date.now() < provedUntil) {
    const headers = { 'idempotency-key': randomUUID() };
    const { id } = await insist<{ id: string }>(() => ask(path, { token, headers, body }));
    opened.set(id, hospital);
    await insist(() => ask(`/api/v1/break-glass/${id}/close`, { method: 'POST', token }), isEnded);
  }
}

async function clerk(hospital: DemoHospital, token: string): Promise<void> {
  while (working) {
    const headers = { 'idempotency-key': randomUUID() };
    const body = { familyName: 'Chaos', givenName: randomUUID(), confirmDuplicate: true };
    const patient = await insist<{ id: string }>(() => ask('/api/v1/patients', { token, headers, body }));
    registered.set(patient.id, hospital);
    await bypass.rpush(bypassed, patient.id).catch(() => undefined);
    const requestId = randomUUID();
    const read = ask(`/api/v1/patients/${patient.id}`, { token, headers: { 'x-request-id': requestId } });
    if ((await read.catch(() => undefined))?.status === 200) readings.push({ requestId, hospital });
  }
}

const ids = (rows: readonly Record<string, unknown>[], column: string): string[] =>
  rows.map((row) => String(row[column]));
const of = (hospital: DemoHospital): string[] => [...registered].flatMap(([id, at]) => (at === hospital ? [id] : []));
const sorted = (values: readonly string[]): string[] => [...values].sort();
const inSchema = ({ slug }: DemoHospital, table: string): string => `hospital_${slug}.${table}`;

describe(`${kills.length} kills of API, worker and Redis under load`, () => {
  beforeAll(async () => {
    const work: Promise<void>[] = [];
    for (const hospital of [hospitalA, hospitalB]) {
      await limitDoctors(hospital, [hospital.wards[0]?.id ?? '']);
      const [nurse = '', receptionist = '', limited = ''] = await Promise.all(
        ['nurse', 'receptionist', 'doctor'].map((role) => signIn(hospital, role)),
      );
      work.push(clerk(hospital, nurse), clerk(hospital, receptionist), doctor(hospital, limited));
    }
    for (const [index, victim] of kills.entries()) {
      await new Promise((resolve) => setTimeout(resolve, pausesMs[index]));
      await kill(victim);
    }
    working = false;
    await Promise.all(work);
  }, 400_000);

  it('let the clerks work on', () => {
    expect(registered.size).toBeGreaterThan(100);
    expect(readings.length).toBeGreaterThan(100);
    expect(opened.size).toBeGreaterThan(50);
  });

  it('double nobody and lose nobody', async () => {
    for (const hospital of [hospitalA, hospitalB]) {
      const { rows } = await owner.query(`select id from ${inSchema(hospital, 'patient')} where family_name = 'Chaos'`);
      expect(sorted(ids(rows, 'id'))).toEqual(sorted(of(hospital)));
    }
  });

  it('lose no event: each is there once and was delivered to every consumer within 30 seconds', async () => {
    const types = `('patient.registered', 'break-glass.opened')`;
    const events = `from public.outbox_event where type in ${types} and payload ->> 'id' = any ($1)`;
    const all = [...registered.keys(), ...opened.keys()];
    const { rows } = await owner.query(`select payload ->> 'id' as id ${events}`, [all]);
    expect(sorted(ids(rows, 'id'))).toEqual(sorted(all));
    const undelivered = async (): Promise<number> => {
      const answer = await owner.query<{ open: number }>(
        `select count(*)::int as open from (select id, fanned_out_at ${events}) e
          where fanned_out_at is null
             or exists (select from public.outbox_delivery d where d.event_id = e.id and d.state <> 'done')`,
        [all],
      );
      return answer.rows[0]?.open ?? -1;
    };
    expect(await eventually(undelivered, (open) => open === 0, 30_000)).toBe(0);
  }, 60_000);

  it('let the worker act on each event once: every administrator is asked to review every broken glass', async () => {
    const wanted: string[] = [];
    for (const hospital of [hospitalA, hospitalB]) {
      const { rows } = await owner.query(
        `select user_id from public.membership
          where hospital_id = $1 and role = 'hospital_admin' and accepted_at is not null and revoked_at is null`,
        [hospital.id],
      );
      expect(rows.length).toBeGreaterThan(0);
      const broken = [...opened].flatMap(([id, at]) => (at === hospital ? [id] : []));
      wanted.push(...broken.flatMap((id) => ids(rows, 'user_id').map((user) => `${id} ${user}`)));
    }
    const asked = await owner.query(
      `select concat(payload ->> 'id', ' ', payload ->> 'userId') as review from public.outbox_event
        where type = 'break-glass.review-asked' and payload ->> 'id' = any ($1)`,
      [[...opened.keys()]],
    );
    expect(sorted(ids(asked.rows, 'review'))).toEqual(sorted(wanted));
  });

  it('miss no audit row: one of each registration, one of each read that was answered', async () => {
    for (const hospital of [hospitalA, hospitalB]) {
      const { rows: created } = await owner.query(
        `select entity_ids[1] as id from ${inSchema(hospital, 'audit_event')}
          where action = 'create' and entity = 'patient' and outcome = 'success' and entity_ids && $1::text[]`,
        [of(hospital)],
      );
      expect(sorted(ids(created, 'id'))).toEqual(sorted(of(hospital)));
      const asked = readings.filter((reading) => reading.hospital === hospital).map(({ requestId }) => requestId);
      const { rows: read } = await owner.query(
        `select request_id from ${inSchema(hospital, 'audit_event')} where action = 'read' and request_id = any ($1)`,
        [asked],
      );
      expect(sorted(ids(read, 'request_id'))).toEqual(sorted(asked));
    }
  });

  it('lose something where Redis is told after the commit instead (control)', async () => {
    const told = await eventually(
      () => bypass.lrange(bypassed, 0, -1).catch(() => undefined),
      (list) => list !== undefined,
      10_000,
    );
    expect(new Set(told).size).toBeLessThan(registered.size);
  });
});
