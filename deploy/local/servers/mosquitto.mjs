import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { join } from 'node:path';
import { writePrivate } from '../lib/files.mjs';
import { ensureMqttPasswords } from '../lib/secrets.mjs';

/** @import { Service } from '../lib/supervisor.mjs' */
/** @import { Binary } from './locate.mjs' */
/** @import { Place } from './place.mjs' */

const ITERATIONS = 1000;

/**
 * What the platform and its tests get to reach the broker.
 * @param {Place} place
 * @param {Binary} binary
 */
export function brokerEnvironment({ data, ports }, { file, env }) {
  const { ingest, devices } = ensureMqttPasswords(data);
  const url = (/** @type {string} */ user, /** @type {string} */ password) =>
    `mqtt://${user}:${password}@127.0.0.1:${ports.mqtt}`;
  return {
    MQTT_URL: url('hms_ingest', ingest),
    HMS_MQTT_URL: url('devices', devices),
    MOSQUITTO: file,
    MOSQUITTO_LIBRARY_PATH: env['LD_LIBRARY_PATH'] ?? '',
  };
}

/**
 * The broker devices publish to. They may not read, so that nobody hears what others publish; ingest may only read. What
 * waits is written to disk every few seconds, and when it stops.
 * @param {Place} place
 * @param {Binary} binary
 * @returns {Service}
 */
export function mosquittoService({ account, data, ports }, binary) {
  const file = (/** @type {string} */ name) => join(data, 'conf', name);
  const { ingest, devices } = ensureMqttPasswords(data);
  writePrivate(file('mosquitto.users'), userLine('hms_ingest', ingest) + userLine('devices', devices), account);
  writePrivate(file('mosquitto.acl'), 'user hms_ingest\ntopic read v1/#\n\nuser devices\ntopic write v1/#\n', account);
  writePrivate(
    file('mosquitto.conf'),
    `# Written at every start.
listener ${ports.mqtt} 127.0.0.1
allow_anonymous false
password_file ${file('mosquitto.users')}
acl_file ${file('mosquitto.acl')}
persistence true
persistence_location ${join(data, 'mosquitto')}/
autosave_interval 5
max_inflight_messages 1000
max_queued_messages 100000
max_queued_bytes 268435456
message_size_limit 262144
log_dest stderr
log_type error
log_type warning
`,
    account,
  );
  return {
    name: 'mosquitto',
    tier: 2,
    port: ports.mqtt,
    command: { file: binary.file, args: ['-c', file('mosquitto.conf')], env: binary.env, cwd: data, account },
    ready: () => listens(ports.mqtt),
    stopSignals: ['SIGTERM'],
  };
}

/**
 * A line of Mosquitto's password file: PBKDF2 with SHA-512, as `mosquitto_passwd` writes it.
 * @param {string} user
 * @param {string} password
 */
function userLine(user, password) {
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, ITERATIONS, 64, 'sha512');
  return `${user}:$7$${ITERATIONS}$${salt.toString('base64')}$${hash.toString('base64')}\n`;
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function listens(port) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', reject);
  });
}
