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

/** Starts a service as the local stack does, but for what changes. */
async function start(name: keyof typeof services, change: Change) {
  const { script, database } = services[name];
  const env = { ...process.env, NODE_ENV: 'production', PORT: '1', DATABASE_URL: process.env[database], ...change };
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  await once(child, 'close');
  return { code: child.exitCode, output };
}

/** A login no list of names knows, which may make others. */
const mighty = new URL(process.env['DATABASE_DIRECT_URL'] ?? '');
mighty.username = `t_${randomBytes(6).toString('hex')}`;
mighty.password = randomBytes(24).toString('hex');
beforeAll(() =>
  asOwner((owner) => owner.query(`create role ${mighty.username} login createrole password '${mighty.password}'`)),
);
afterAll(() => asOwner((owner) => owner.query(`drop role ${mighty.username}`)));

const openKeys = join(folder, 'auth-keys.json');
copyFileSync(process.env['AUTH_KEYS_FILE'] ?? '', openKeys);
chmodSync(openKeys, 0o644);

describe('a service in production', () => {
  it.each<[keyof typeof services, string, Change]>([
    ['API', 'AUTH_KEYS_FILE', { AUTH_KEYS_FILE: openKeys }],
    ['API', 'NODE_TLS_REJECT_UNAUTHORIZED', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
    ['worker', 'REDIS_URL', { REDIS_URL: 'redis://cache.internal:6379' }],
    ['ingest', 'DATABASE_URL', { DATABASE_URL: 'postgresql://postgres:hunter2-hunter2@127.0.0.1/hms' }],
    ['ingest', 'PUBLIC_URL', { PUBLIC_URL: 'http://hms.hospital.example' }],
  ])('%s ends at once because of %s and says only its name', async (name, variable, change) => {
    const begun = performance.now();
    const { code, output } = await start(name, change);
    expect(code).not.toBe(0);
    expect(output).toContain(`${variable} (`);
    for (const value of Object.values(change)) if (value.length > 3) expect(output).not.toContain(value);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  it.each(['API', 'ingest'] as const)(
    '%s ends when PostgreSQL says its login may too much',
    async (name) => {
      const { code, output } = await start(name, { DATABASE_URL: mighty.href });
      expect(code).not.toBe(0);
      expect(output).toContain('DATABASE_URL (connects as a superuser or as the owner of the database)');
      expect(output).not.toContain(mighty.password);
    },
    60_000,
  );
});
