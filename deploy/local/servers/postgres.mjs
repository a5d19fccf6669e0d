import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runLogged } from '../lib/child.mjs';
import { Failure } from '../lib/failure.mjs';
import { writePrivate } from '../lib/files.mjs';
import { query } from '../lib/probe.mjs';
import { sibling } from './locate.mjs';
import { withDatabase } from './postgres-cluster.mjs';
import { SLOT, replicationConnection, serverCommand } from './postgres-config.mjs';

/** @import { Service } from '../lib/supervisor.mjs' */
/** @import { Place } from './place.mjs' */
/** @import { Binary } from './locate.mjs' */

/**
 * Creates the cluster when there is none yet: with checksums, and a password even for local connections.
 * @param {Place} place
 * @param {Binary} binary
 */
export async function createCluster(place, binary) {
  const { account, data, secrets } = place;
  const folder = join(data, 'pg', 'primary');
  if (existsSync(folder)) return requireVersion(folder, binary);
  const unfinished = `${folder}.new`;
  const password = join(data, 'conf', 'password');
  rmSync(unfinished, { recursive: true, force: true });
  writePrivate(password, `${secrets.postgres}\n`, account);
  try {
    const args = ['-D', unfinished, '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '--data-checksums'];
    args.push('--auth=scram-sha-256', `--pwfile=${password}`, '--no-instructions');
    await runLogged(
      { file: sibling(binary, 'initdb'), args, env: binary.env, account },
      { logFile: join(data, 'log', 'initdb.log'), what: 'initdb' },
    );
  } finally {
    rmSync(password, { force: true });
  }
  renameSync(unfinished, folder);
}

/**
 * @param {string} folder
 * @param {Binary} binary
 * @throws {Failure} when the data was made by another major version
 */
function requireVersion(folder, binary) {
  const made = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
  if (binary.version.split('.')[0] === made) return;
  throw new Failure(`The data was made by PostgreSQL ${made}, and ${binary.file} is ${binary.version}.`, {
    advice: `Install PostgreSQL ${made} again, or delete the data with: npm run reset`,
  });
}

/**
 * What tests get that start a server of their own.
 * @param {Binary} binary
 */
export const postgresEnvironment = ({ file, env }) => ({
  POSTGRES: file,
  POSTGRES_LIBRARY_PATH: env['LD_LIBRARY_PATH'] ?? '',
});

/**
 * @param {Place} place
 * @param {Binary} binary
 * @returns {Service}
 */
export function primaryService(place, binary) {
  return {
    name: 'postgres',
    tier: 0,
    port: place.ports.postgres,
    command: serverCommand(place, binary, { name: 'primary', port: place.ports.postgres }),
    ready: () => query(withDatabase(place.urls.superuser, 'postgres'), 'select 1'),
    readyMs: 60_000,
    stopSignals: ['SIGINT', 'SIGQUIT'],
    graceMs: 15_000,
  };
}

/**
 * The replica is copied from the primary when there is none yet.
 * @param {Place} place
 * @param {Binary} binary
 * @returns {Service}
 */
export function replicaService(place, binary) {
  const { ports, urls } = place;
  const streaming = `select 1 from pg_stat_replication where application_name = '${SLOT}' and state = 'streaming'`;
  return {
    name: 'replica',
    tier: 1,
    port: ports.replica,
    command: serverCommand(place, binary, { name: 'replica', port: ports.replica }),
    ready: async () => {
      const { rows } = await query(urls.ownerReplica, 'select pg_is_in_recovery() as standby');
      if (rows[0]?.['standby'] !== true) throw new Error('the replica is not a standby');
      if ((await query(urls.superuser, streaming)).rowCount !== 1)
        throw new Error('it does not stream from the primary');
      return true;
    },
    readyMs: 20_000,
    stopSignals: ['SIGINT', 'SIGQUIT'],
    graceMs: 10_000,
  };
}

/**
 * @param {Place} place
 * @param {Binary} binary
 */
export async function copyReplica(place, binary) {
  const { account, data } = place;
  const folder = join(data, 'pg', 'replica');
  if (existsSync(folder)) return;
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const args = ['-d', replicationConnection(place), '-D', unfinished, '-X', 'stream', '-c', 'fast', '-S', SLOT];
  await runLogged(
    {
      file: sibling(binary, 'pg_basebackup'),
      args,
      env: { ...binary.env, PGPASSWORD: place.secrets.hms_replica },
      account,
    },
    { logFile: join(data, 'log', 'replica.log'), what: 'Copying the replica' },
  );
  writePrivate(join(unfinished, 'standby.signal'), '', account);
  renameSync(unfinished, folder);
}

/**
 * Throws a replica away that cannot follow any more, such as one whose WAL the primary no longer has.
 * @param {Place} place
 */
export function dropReplica(place) {
  rmSync(join(place.data, 'pg', 'replica'), { recursive: true, force: true });
}
