import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asOwner } from './testing/test-hospital.js';

const folder = mkdtempSync(join(tmpdir(), 'hms-boot-'));
afterAll(() => rmSync(folder, { recursive: true }));

const compiled = (script: string): string => join(import.meta.dirname, '../..', script);
const services = {
  API: { script: compiled('api/dist/main.js'), database: 'DATABASE_URL' },
  worker: { script: compiled('api/dist/worker.js'), database: 'DATABASE_URL' },
  ingest: { script: compiled('ingest/dist/main.js'), database: 'INGEST_DATABASE_URL' },
} as const;
type Change = Readonly<Record<string, string>>;

/** Starts a service as the local stack does, but for what changes. One that is not refused is killed in the end. */
async function start(name: keyof typeof services, change: Change) {
  const { script, database } = services[name];
  const env = { ...process.env, NODE_ENV: 'production', PORT: '1', DATABASE_URL: process.env[database], ...change };
  const child = spawn(process.execPath, [script], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 90_000,
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  await once(child, 'close');
  return { code: child.exitCode, output };
}

/** A login no list of names knows, which may make others. */
const mighty = new URL(process.env['DATABASE_DIRECT_URL'] ?? '');
mighty.username = `t_${randomBytes(6).toString('hex')}`;
mighty.password = randomBytes(24).toString('hex');

const openKeys = join(folder, 'auth-keys.json');
copyFileSync(process.env['AUTH_KEYS_FILE'] ?? '', openKeys);
chmodSync(openKeys, 0o644);

/** The rules themselves are `refuse-unsafe.spec.ts`; here is that every service asks them, and asks PostgreSQL. */
const refused: readonly (readonly [service: keyof typeof services, change: Change])[] = [
  ['API', { AUTH_KEYS_FILE: openKeys, NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
  ['worker', { REDIS_URL: 'redis://cache.internal:6379', FIREBASE_AUTH_EMULATOR_HOST: '127.0.0.1:9099' }],
  ['ingest', { DATABASE_URL: 'postgresql://postgres:hunter2-hunter2@127.0.0.1/hms', DEBUG: 'everything' }],
  ['API', { DATABASE_URL: mighty.href }],
  ['ingest', { DATABASE_URL: mighty.href }],
];

describe('a service in production', () => {
  let ends: Promise<Awaited<ReturnType<typeof start>>>[];
  beforeAll(async () => {
    await asOwner((owner) =>
      owner.query(`create role ${mighty.username} login createrole password '${mighty.password}'`),
    );
    // All at once: the first test waits about as long as the slowest of them takes.
    ends = refused.map(([service, change]) => start(service, change));
  });
  afterAll(async () => {
    await Promise.all(ends);
    await asOwner((owner) => owner.query(`drop role ${mighty.username}`));
  });

  it.each(refused.map(([service, change], index) => ({ service, names: Object.keys(change), change, index })))(
    '$service ends by itself because of $names and says only the name',
    async ({ names, change, index }) => {
      const { code, output } = (await ends[index]) ?? {};
      expect(code).toBe(1);
      for (const name of names) expect(output).toContain(`${name} (`);
      for (const value of [...Object.values(change), mighty.password]) {
        if (value.length > 3) expect(output).not.toContain(value);
      }
    },
    120_000,
  );
});
