import { join } from 'node:path';
import { writePrivate } from '../lib/files.mjs';
import { query } from '../lib/probe.mjs';

/** @import { Service } from '../lib/supervisor.mjs' */
/** @import { Place } from './place.mjs' */
/** @import { Binary } from './locate.mjs' */

/**
 * Transaction pooling before the primary (`hms`) and the replica (`hms_ro`). Together they open at most 50 server
 * connections: 34 + 16.
 * @param {Place} place
 * @param {Binary} binary
 * @returns {Service}
 */
export function pgbouncerService(place, binary) {
  const { account, data, ports, urls } = place;
  const config = join(data, 'conf', 'pgbouncer.ini');
  writePrivate(join(data, 'conf', 'logins.txt'), logins(place), account);
  writePrivate(config, pgbouncerConfig(place), account);
  return {
    name: 'pgbouncer',
    tier: 2,
    port: ports.pgbouncer,
    command: { file: binary.file, args: ['-q', config], env: binary.env, cwd: data, account },
    ready: () => Promise.all([urls.api, urls.apiReplica, urls.ingest].map((url) => query(url, 'select 1'))),
    stopSignals: ['SIGTERM'],
  };
}

/**
 * Logins that PgBouncer knows by itself: its own, and ingest's because settings of a user apply to those only.
 * @param {Place} place
 */
function logins({ secrets }) {
  return /** @type {const} */ (['hms_pool', 'hms_ingest']).map((name) => `"${name}" "${secrets[name]}"\n`).join('');
}

/** @param {Place} place */
function pgbouncerConfig({ data, ports }) {
  return `; Written at every start.
[databases]
hms = host=127.0.0.1 port=${ports.postgres} dbname=hms pool_size=26 max_db_connections=34
hms_ro = host=127.0.0.1 port=${ports.replica} dbname=hms pool_size=12 max_db_connections=16

[users]
; Few writers suffice for ingest, and the API keeps the rest whatever the gateways send.
hms_ingest = max_user_connections=4

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${ports.pgbouncer}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(data, 'conf', 'logins.txt')}
auth_user = hms_pool
auth_query = select name, secret from pooler.lookup($1)
admin_users = hms_pool
pool_mode = transaction
max_client_conn = 5000
; A flush of ingest is up to a megabyte: passed on in pieces of 4 kB, it costs twice as much.
pkt_buf = 16384
query_wait_timeout = 5
server_connect_timeout = 5
server_login_retry = 1
server_lifetime = 900
server_idle_timeout = 300
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
`;
}
