import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { runLogged } from '../lib/child.mjs';
import { Failure } from '../lib/failure.mjs';
import { writePrivate } from '../lib/files.mjs';
import { query } from '../lib/probe.mjs';
import { EXTENSIONS } from './locate.mjs';

/** @import { Service } from '../lib/supervisor.mjs' */
/** @import { Place } from './place.mjs' */
/** @import { Binary } from './locate.mjs' */

const SLOT = 'replica';
/** What a transaction of a service may cost before the server ends it. Migrations run as the owner, without limits. */
const LIMITS = { statement_timeout: '15s', lock_timeout: '5s', idle_in_transaction_session_timeout: '10s' };

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

/**
 * Roles, the database, its extensions and the replication slot: all that only a superuser may create.
 * @param {Place} place
 */
export async function prepareCluster({ urls, secrets }) {
  const cluster = withDatabase(urls.superuser, 'postgres');
  const roles = /** @type {const} */ ({
    hms_owner: 'login createrole',
    hms_api: 'login noinherit',
    hms_ingest: 'login',
    hms_pool: 'login',
    hms_replica: 'login replication',
  });
  const { rows } = await query(cluster, 'select rolname from pg_roles');
  const known = new Set(rows.map((row) => row['rolname']));
  for (const [role, options] of Object.entries(roles).filter(([name]) => !known.has(name))) {
    const password = pg.escapeLiteral(secrets[/** @type {keyof typeof roles} */ (role)]);
    await query(cluster, `create role ${role} ${options} password ${password}`);
  }
  for (const role of ['hms_api', 'hms_ingest']) {
    const limits = Object.entries(LIMITS).map(([name, value]) => `alter role ${role} set ${name} = '${value}'`);
    await query(cluster, limits.join('; '));
  }
  const found = await query(cluster, "select 1 from pg_database where datname = 'hms'");
  if (found.rowCount === 0) await query(cluster, 'create database hms owner hms_owner');
  const extensions = EXTENSIONS.map((name) => `create extension if not exists ${name}`);
  await query(urls.superuser, [...extensions, POOLER_LOOKUP].join(';\n'));
  await query(
    cluster,
    `select pg_create_physical_replication_slot('${SLOT}', true)
     where not exists (select from pg_replication_slots where slot_name = '${SLOT}')`,
  );
}

/**
 * PgBouncer asks this for a login's password hash. It answers for ordinary logins only: nobody becomes superuser or
 * reads the write-ahead log through the pooler.
 */
const POOLER_LOOKUP = `
  create schema if not exists pooler;
  create or replace function pooler.lookup(login text) returns table (name text, secret text)
    language sql stable security definer set search_path = pg_catalog
    as $$ select rolname::text, rolpassword from pg_authid
          where rolname = login and rolcanlogin and not rolsuper and not rolreplication $$;
  revoke all on function pooler.lookup(text) from public;
  grant usage on schema pooler to hms_pool;
  grant execute on function pooler.lookup(text) to hms_pool`;

/**
 * @param {Place} place
 * @param {Binary} binary
 * @param {{ name: 'primary' | 'replica', port: number }} server
 * @returns {Service['command']}
 */
function serverCommand(place, binary, { name, port }) {
  const { account, data } = place;
  const file = (/** @type {string} */ suffix) => join(data, 'conf', `${name}.${suffix}`);
  const replica = name === 'replica';
  writePrivate(file('hba'), HOST_ACCESS, account);
  writePrivate(file('conf'), serverConfig({ port, hba: file('hba'), replica: replica ? place : null }), account);
  const args = ['-D', join(data, 'pg', name), '-c', `config_file=${file('conf')}`];
  return { file: binary.file, args, env: binary.env, cwd: data, account, deathSignal: 'INT' };
}

const HOST_ACCESS = `# Written at every start.
host all all 127.0.0.1/32 scram-sha-256
host replication hms_replica 127.0.0.1/32 scram-sha-256
`;

/**
 * Sized for a machine of two cores that runs everything else as well.
 * @param {{ port: number, hba: string, replica: Place | null }} server
 */
function serverConfig({ port, hba, replica }) {
  const follow = replica ? { primary_conninfo: replicationConnection(replica, true), primary_slot_name: SLOT } : {};
  /** @type {Record<string, string | number>} */
  const options = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    hba_file: hba,
    password_encryption: 'scram-sha-256',
    max_connections: 100,
    shared_buffers: '256MB',
    effective_cache_size: '1GB',
    work_mem: '8MB',
    maintenance_work_mem: '128MB',
    random_page_cost: 1.1,
    jit: 'off',
    wal_level: 'replica',
    wal_compression: 'lz4',
    wal_buffers: '16MB',
    min_wal_size: '256MB',
    max_wal_size: '2GB',
    max_slot_wal_keep_size: '2GB',
    checkpoint_timeout: '15min',
    checkpoint_completion_target: 0.9,
    synchronous_commit: 'on',
    hot_standby: 'on',
    hot_standby_feedback: 'on',
    shared_preload_libraries: 'pg_stat_statements',
    track_io_timing: 'on',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] %u@%d ',
    // Statements and the details of an error can hold patient data: neither is logged.
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_parameter_max_length: 0,
    ...follow,
  };
  const lines = Object.entries(options).map(([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`);
  return `# Written at every start.\n${lines.join('\n')}\n`;
}

/**
 * @param {Place} place
 * @param {boolean} [withPassword]
 */
function replicationConnection({ ports, secrets }, withPassword = false) {
  const connection = `host=127.0.0.1 port=${ports.postgres} user=hms_replica application_name=${SLOT}`;
  return withPassword ? `${connection} password=${secrets.hms_replica}` : connection;
}

/**
 * @param {string} url
 * @param {string} name
 */
function withDatabase(url, name) {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

/**
 * @param {Binary} binary
 * @param {string} name
 */
function sibling(binary, name) {
  return join(dirname(binary.file), name);
}
