import { randomInt, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { ask, eventually, signIn } from '../acceptance/support/client.js';
import { hospitalA, hospitalB, required, type DemoHospital } from '../acceptance/support/stack.js';

/*
 * Clerks register and read patients through Nginx while API, worker and Redis are killed at random moments. A clerk
 * whose answer was lost sends the request again with its key, as the documents tell client developers.
 */

const kills = 21;
const victims = ['api', 'worker', 'redis'] as const;
const control = required('HMS_CONTROL');
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
let working = true;

beforeAll(async () => {
  await owner.connect();
});

afterAll(async () => {
  await bypass.del(bypassed).catch(() => undefined);
  bypass.disconnect();
  await owner.end();
});

interface Services {
  readonly services: readonly { readonly name: string; readonly state: string }[];
}
const services = async (): Promise<Services> => (await (await fetch(`${control}/services`)).json()) as Services;

async function kill(victim: string): Promise<void> {
  await fetch(`${control}/services/${victim}/kill`, { method: 'POST' });
  await eventually(
    services,
    (now) => now.services.every(({ name, state }) => name !== victim || state !== 'ready'),
    5_000,
  );
  await eventually(services, (now) => now.services.every(({ state }) => state === 'ready'), 60_000);
}

/** The answer, however often it takes to get one; undefined once work has stopped. */
async function insist<T>(question: () => ReturnType<typeof ask<T>>): Promise<T | undefined> {
  for (const end = Date.now() + 90_000; Date.now() < end;) {
    const answer = await question().catch(() => undefined);
    if (answer && answer.status < 300) return answer.body;
    if (answer && ![409, 429, 502, 503, 504].includes(answer.status)) {
      throw new Error(`refused with ${answer.status}: ${JSON.stringify(answer.body)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('no answer for 90 seconds');
}

async function clerk(hospital: DemoHospital, token: string): Promise<void> {
  while (working) {
    const headers = { 'idempotency-key': randomUUID() };
    const body = { familyName: 'Chaos', givenName: randomUUID(), confirmDuplicate: true };
    const patient = await insist<{ id: string }>(() => ask('/api/v1/patients', { token, headers, body }));
    if (!patient) return;
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

describe(`${String(kills)} kills of API, worker and Redis under load`, () => {
  beforeAll(async () => {
    const clerks = await Promise.all(
      [hospitalA, hospitalB].flatMap((hospital) =>
        ['nurse', 'receptionist'].map(async (role) => ({ hospital, token: await signIn(hospital, role) })),
      ),
    );
    const work = Promise.all(clerks.map(({ hospital, token }) => clerk(hospital, token)));
    for (let i = 0; i < kills; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, randomInt(50, 400)));
      await kill(victims[i % victims.length] ?? 'api');
    }
    working = false;
    await work;
  }, 400_000);

  it('let the clerks work on', () => {
    expect(registered.size).toBeGreaterThan(100);
    expect(readings.length).toBeGreaterThan(100);
  });

  it('double nobody and lose nobody', async () => {
    for (const hospital of [hospitalA, hospitalB]) {
      const { rows } = await owner.query(`select id from ${inSchema(hospital, 'patient')} where family_name = 'Chaos'`);
      expect(sorted(ids(rows, 'id'))).toEqual(sorted(of(hospital)));
    }
  });

  it('lose no event: each is there once and was delivered to every consumer within 30 seconds', async () => {
    const events = `from public.outbox_event where type = 'patient.registered' and payload ->> 'id' = any ($1)`;
    const all = [...registered.keys()];
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
