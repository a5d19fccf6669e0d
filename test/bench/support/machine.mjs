import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import pg from 'pg';
import { required } from './stack.mjs';

/**
 * What the figures depend on.
 * @returns {Promise<Record<string, string | number>>}
 */
export async function machineFacts() {
  const [cpu] = cpus();
  return {
    at: new Date().toISOString(),
    cores: cpus().length,
    cpu: cpu?.model ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    os: distribution(),
    node: process.version,
    postgres: await postgresVersion(),
    load: loadavg()
      .map((load) => load.toFixed(2))
      .join(' '),
  };
}

async function postgresVersion() {
  const client = new pg.Client({ connectionString: required('DATABASE_DIRECT_URL') });
  await client.connect();
  const { rows } = await client.query('show server_version');
  await client.end();
  return String(rows[0].server_version);
}

function distribution() {
  const name = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'));
  return name?.[1] ?? process.platform;
}
