import { createHash, randomBytes } from 'node:crypto';
import { afterAll } from '@jest/globals';
import type { HospitalRole } from '@hms/contracts';
import { provisionHospital, repeatVictims, schemaOf, type Hospital } from '@hms/database';
import pg from 'pg';
import { uuidv7 } from 'uuidv7';

/** A user with a living session; `accessToken` comes from the application under test. */
export interface TestUser {
  readonly id: string;
  readonly email: string;
  readonly sessionId: string;
}

const required = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is missing: run the integration tests through npm test`);
  return value;
};

/** Tests ask for the owner by the hundred at once; PostgreSQL has a hundred connections for everybody. */
const maxOwners = 8;
const waiting: (() => void)[] = [];
let owners = 0;

/** Connections that nobody uses now: to make one costs more than most of what is asked on it. */
const idle = new Set<pg.Client>();
let keepsIdle = true;
afterAll(async () => {
  keepsIdle = false;
  const unused = [...idle];
  idle.clear();
  await Promise.all(unused.map((owner) => owner.end()));
});

/** Work that only the owner of the database may do, in a session as good as new. It must not ask for the owner again. */
export async function asOwner<T>(work: (owner: pg.Client) => Promise<T>): Promise<T> {
  if (owners < maxOwners) owners += 1;
  else await new Promise<void>((resolve) => waiting.push(resolve));
  try {
    const owner = takeIdle() ?? (await connect());
    let isKept = false;
    try {
      const result = await work(owner);
      isKept = await keep(owner);
      return result;
    } finally {
      if (!isKept) await owner.end();
    }
  } finally {
    const next = waiting.shift();
    if (next) next();
    else owners -= 1;
  }
}

async function connect(): Promise<pg.Client> {
  const owner = new pg.Client({ connectionString: required('DATABASE_DIRECT_URL'), application_name: 'hms' });
  owner.on('error', () => idle.delete(owner)); // the query in flight rejects with the same error
  await owner.connect();
  return owner;
}

function takeIdle(): pg.Client | undefined {
  const [owner] = idle;
  if (owner) idle.delete(owner);
  return owner;
}

/** Without what the session held: a transaction, locks, settings. */
async function keep(owner: pg.Client): Promise<boolean> {
  if (!keepsIdle) return false;
  await owner.query('rollback');
  await owner.query('discard all');
  idle.add(owner);
  return true;
}

/** Whether somebody waits for a lock of this session. */
export async function isWaitedFor(session: pg.Client): Promise<boolean> {
  const { rows } = await session.query<{ waiting: boolean }>(
    'select exists (select from pg_stat_activity where pg_backend_pid() = any (pg_blocking_pids(pid))) as waiting',
  );
  return rows[0]?.waiting === true;
}

/** A hospital of its own for one test file. */
export function createTestHospital(): Promise<Hospital> {
  const slug = `t_${randomBytes(6).toString('hex')}`;
  const details = { name: `Test ${slug}`, country: 'IE', currency: 'EUR', timezone: 'Europe/Dublin' };
  return asOwner((owner) => provisionHospital(owner, { id: uuidv7(), slug, ...details }));
}

/** Leaves no trace of a test's hospital, its users and its role. Others do the same beside it, which may be a deadlock. */
export const dropTestHospital = (hospital: Hospital): Promise<void> =>
  asOwner((owner) => repeatVictims(() => drop(owner, hospital)));

async function drop(owner: pg.Client, { id, slug }: Hospital): Promise<void> {
  const schema = schemaOf(slug);
  await owner.query(`drop schema if exists ${schema} cascade`);
  for (const table of [
    'outbox_event',
    'alarm_agenda',
    'notification_agenda',
    'invitation',
    'membership',
    'mfa_challenge',
    'hl7_source',
    'gateway_key',
    'gateway',
    'ingest_epoch',
    'data_key',
    'calendar_feed',
  ]) {
    await owner.query(`delete from public.${table} where hospital_id = $1`, [id]);
  }
  await owner.query(
    'delete from sync.number_block where device_id in (select id from sync.device where hospital_id = $1)',
    [id],
  );
  await owner.query('delete from sync.device where hospital_id = $1', [id]);
  await owner.query(
    `delete from public.refresh_token where session_id in (select id from public.session where hospital_id = $1)`,
    [id],
  );
  await owner.query('delete from public.session where hospital_id = $1', [id]);
  await owner.query('delete from public.hospital where id = $1', [id]);
  await owner.query(`drop role if exists ${schema}`);
}

export interface TestUserOptions {
  readonly hospital: Hospital | null;
  readonly role: HospitalRole | 'super_admin';
  readonly wardIds?: readonly string[];
  readonly patientId?: string;
  /** Argon2id hash; without one the user cannot sign in with a password. */
  readonly passwordHash?: string;
  /** False: the session was opened with a password only. */
  readonly secondFactor?: boolean;
}

/** Adds a user and opens a session for it, past the login and its second factor. */
export function createTestUser({
  hospital,
  role,
  wardIds = [],
  patientId,
  passwordHash,
  secondFactor = true,
}: TestUserOptions): Promise<TestUser> {
  const id = uuidv7();
  const sessionId = uuidv7();
  const email = `${role}.${id}@example.test`;
  return asOwner(async (owner) => {
    await owner.query(
      `insert into public.app_user (id, email, display_name, password_hash, platform_role) values ($1, $2, $3, $4, $5)`,
      [id, email, `Test ${role}`, passwordHash ?? null, role === 'super_admin' ? role : null],
    );
    if (hospital && role !== 'super_admin') {
      await owner.query(
        `insert into public.membership (id, user_id, hospital_id, role, ward_ids, patient_id) values ($1, $2, $3, $4, $5, $6)`,
        [uuidv7(), id, hospital.id, role, wardIds, role === 'patient' ? (patientId ?? uuidv7()) : null],
      );
    }
    await openTestSession(owner, { id: sessionId, userId: id, hospitalId: hospital?.id ?? null, secondFactor });
    return { id, email, sessionId };
  });
}

async function openTestSession(
  owner: pg.Client,
  session: { id: string; userId: string; hospitalId: string | null; secondFactor: boolean },
): Promise<void> {
  await owner.query(
    `insert into public.session (id, user_id, hospital_id, expires_at, amr, mfa_at)
     values ($1, $2, $3, now() + interval '1 day', $4, $5)`,
    [
      session.id,
      session.userId,
      session.hospitalId,
      ...(session.secondFactor ? [['pwd', 'otp'], new Date()] : [['pwd'], null]),
    ],
  );
  await owner.query('insert into public.refresh_token (token_hash, session_id) values ($1, $2)', [
    createHash('sha256').update(session.id).digest(),
    session.id,
  ]);
}
