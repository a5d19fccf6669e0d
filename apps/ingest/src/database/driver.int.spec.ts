import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import patched from 'postgres';
import unpatched from 'postgres-unpatched';
import { named, variable } from '../testing/environment.js';
import { eventually } from '../testing/eventually.js';
import { failureOf } from './failure.js';
import { Lane } from './lane.js';

/*
 * What of postgres.js ingest cannot live with, each with a control that has it. The control of what is patched is the
 * release before: the patch goes by version.
 */

const application = `driver-${randomBytes(6).toString('hex')}`;
const table = `public.${application.replace('-', '_')}`;
const testing = join(import.meta.dirname, '../testing');
let superuser: pg.Client;

beforeAll(async () => {
  superuser = new pg.Client({ connectionString: variable('DATABASE_SUPERUSER_URL') });
  await superuser.connect();
  await superuser.query(`create table ${table} (n int not null check (n <> 666))`);
  await superuser.query(`grant select, insert on ${table} to hms_ingest`);
});

afterAll(async () => {
  await superuser.query(`drop table ${table}`);
  await superuser.end();
});

const flush = `begin; copy ${table} (n) from stdin; commit`;
const rows = Buffer.from(Array.from({ length: 20 }, (_, n) => `${n}\n`).join(''));

async function timed(times: number, work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  for (let i = 0; i < times; i++) await work();
  return performance.now() - began;
}

async function states(application: string): Promise<string[]> {
  const sql = 'select state from pg_stat_activity where application_name = $1';
  const { rows: found } = await superuser.query<{ state: string }>(sql, [application]);
  return found.map(({ state }) => state);
}

describe('small flushes over TCP', () => {
  it('take less than 10 ms each', async () => {
    const lane = new Lane(named(variable('INGEST_DATABASE_URL'), application));
    await lane.copy(flush, [rows]);
    expect(await timed(100, () => lane.copy(flush, [rows]))).toBeLessThan(1_000);
    await lane.close();
  });

  it('control: take 40 ms and more when the driver opens the socket', async () => {
    const sql = patched(variable('INGEST_DATABASE_URL'), { max: 1, prepare: false, fetch_types: false });
    const copy = async (): Promise<void> => {
      const stream = await sql.unsafe(flush).writable();
      stream.end(rows);
      await once(stream, 'finish');
    };
    await copy();
    expect(await timed(25, copy)).toBeGreaterThan(1_000);
    await sql.end();
  });
});

describe('a COPY the server refuses', () => {
  const poison = Buffer.from('666\n');

  it('fails with the error of the server, and leaks no connection in 200 times', async () => {
    const lane = new Lane(named(variable('INGEST_DATABASE_URL'), application));
    const before = await superuser.query(`select from ${table}`);
    for (let i = 0; i < 200; i++) {
      const failure = await lane.copy(flush, [poison]).then(() => 'none', failureOf);
      expect(failure).toBe('data');
      await lane.rollback();
      await lane.copy(flush, [rows]);
    }
    const after = await superuser.query(`select from ${table}`);
    expect((after.rowCount ?? 0) - (before.rowCount ?? 0)).toBe(200 * 20);
    expect((await states(application)).filter((state) => state.startsWith('idle in transaction'))).toEqual([]);
    await lane.close();
  });

  it('fails also when it is a statement after the COPY that is refused', async () => {
    const lane = new Lane(named(variable('INGEST_DATABASE_URL'), application));
    const failing = lane.copy(`begin; copy ${table} (n) from stdin; select 1 / 0; commit`, [rows]);
    expect(await failing.then(() => 'none', failureOf)).toBe('stale');
    await lane.rollback();
    await lane.close();
  });

  it('fails also when a statement before the COPY is refused, and what was sent for the COPY disturbs nothing', async () => {
    const lane = new Lane(named(variable('INGEST_DATABASE_URL'), application));
    const large = Buffer.from('1\n'.repeat(500_000));
    const failing = lane.copy(`begin; select 1 / 0; copy ${table} (n) from stdin; commit`, [large]);
    expect(await failing.then(() => 'none', failureOf)).toBe('stale');
    await lane.rollback();
    expect(await lane.run('select 7 as n')).toEqual([{ n: 7 }]);
    await lane.close();
  });

  it('among several of one message fails all of them, and what was sent for the others disturbs nothing', async () => {
    const lane = new Lane(named(variable('INGEST_DATABASE_URL'), application));
    const stored = async () => (await superuser.query(`select from ${table}`)).rowCount ?? 0;
    const before = await stored();
    const three = `begin; ${Array(3).fill(`copy ${table} (n) from stdin`).join('; ')}; commit`;
    for (const data of [
      [poison, rows, rows],
      [rows, poison, rows],
      [rows, rows, poison],
    ]) {
      expect(await lane.copy(three, data).then(() => 'none', failureOf)).toBe('data');
      await lane.rollback();
    }
    expect(await stored()).toBe(before);
    await lane.copy(three, [rows, rows, rows]);
    expect(await stored()).toBe(before + 60);
    expect(await lane.run('select 7 as n')).toEqual([{ n: 7 }]);
    await lane.close();
  });

  it('control: never settles in the unpatched driver, and holds its transaction open', async () => {
    const sql = unpatched(variable('INGEST_DATABASE_DIRECT_URL'), {
      max: 1,
      connection: { application_name: `${application}-control` },
    });
    const stream = await sql.unsafe(flush).writable();
    stream.end(poison);
    const outcome = await Promise.race([
      once(stream, 'finish').then(
        () => 'stored',
        () => 'refused',
      ),
      delay(1_500, 'silence'),
    ]);
    expect(outcome).toBe('silence');
    expect(await states(`${application}-control`)).toEqual(['idle in transaction (aborted)']);
    await sql.end({ timeout: 0 });
  });
});

describe('a backend that dies', () => {
  const afterDeath = async (driver: string): Promise<{ code: number; output: string }> => {
    const child = run('query-after-death.mjs', [driver, variable('DATABASE_DIRECT_URL')]);
    const output = read(child.stdout);
    return { code: await exitOf(child), output: await output };
  };

  it('fails the queries of its connection', async () => {
    expect(await afterDeath('postgres')).toEqual({ code: 0, output: 'CONNECTION_CLOSED' });
  });

  it('control: takes the process of the unpatched driver along', async () => {
    expect((await afterDeath('postgres-unpatched')).code).not.toBe(0);
  });

  it('loses no row that was reported as committed, however often it dies', async () => {
    const child = run('copy-under-fire.mjs', ['postgres', variable('INGEST_DATABASE_DIRECT_URL'), table]);
    const reported: number[] = [];
    const lines = createInterface({ input: child.stdout }).on('line', (line) => reported.push(Number(line)));
    const kill = `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'under-fire'`;
    for (let round = 0; round < 50; round++) {
      const seen = reported.length;
      await eventually(() => reported.length > seen || undefined);
      await superuser.query(kill);
    }
    child.stdin.end();
    await once(lines, 'close');
    expect(await exitOf(child)).toBe(0);
    const { rows: stored } = await superuser.query<{ n: number }>(`select n from ${table}`);
    const present = new Set(stored.map(({ n }) => n));
    expect(reported.filter((n) => !present.has(n))).toEqual([]);
  }, 60_000);
});

function run(script: string, args: readonly string[]): ChildProcessByStdio<Writable, Readable, null> {
  return spawn(process.execPath, [join(testing, script), ...args], { stdio: ['pipe', 'pipe', 'ignore'] });
}

async function read(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}

async function exitOf(child: ChildProcess): Promise<number> {
  if (child.exitCode === null) await once(child, 'exit');
  return child.exitCode ?? -1;
}
