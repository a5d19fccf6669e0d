import { join } from 'node:path';
import { writePrivate } from '../lib/files.mjs';

/** @import { Command } from '../lib/child.mjs' */
/** @import { Place } from './place.mjs' */
/** @import { Binary } from './locate.mjs' */

/** The name of the replica at the primary: of its connection and of the slot that keeps WAL for it. */
export const SLOT = 'replica';

/**
 * @param {Place} place
 * @param {Binary} binary
 * @param {{ name: 'primary' | 'replica', port: number }} server
 * @returns {Command}
 */
export function serverCommand(place, binary, { name, port }) {
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
    // Errors of statements quote values, which may be a patient's: the services log their codes instead.
    log_min_messages: 'log',
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
export function replicationConnection({ ports, secrets }, withPassword = false) {
  const connection = `host=127.0.0.1 port=${ports.postgres} user=hms_replica application_name=${SLOT}`;
  return withPassword ? `${connection} password=${secrets.hms_replica}` : connection;
}
