import { join } from 'node:path';
import { demoFile } from '../lib/environment.mjs';
import { answers } from '../lib/probe.mjs';
import { CLI_SCRIPT, ROOT } from '../lib/settings.mjs';

/** @import { Environment } from '../lib/environment.mjs' */
/** @import { Service } from '../lib/supervisor.mjs' */
/** @import { Stack } from '../stack.mjs' */

/** What API and workers together may hold of the pooler's connections. */
const CONNECTIONS = 24;

/** Services of others, which a person may bring: docs/configuration.md. */
const OTHERS_VARIABLES = [
  ...['FIREBASE_PROJECT_ID', 'FIREBASE_JWKS_URL', 'BREACHED_PASSWORDS_URL', 'FCM_SERVICE_ACCOUNT_FILE', 'FCM_URL'],
  ...['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN_FILE', 'TWILIO_FROM', 'TWILIO_URL'],
];

/**
 * A reading lives until its commit, some milliseconds. A larger young generation is collected less often, when fewer are
 * still alive: a fifth of the CPU of a reading.
 */
const INGEST_FLAGS = ['--max-semi-space-size=32'];

/**
 * The platform's own processes, in the numbers that were asked for.
 * @param {Stack} stack
 * @returns {Service[]}
 */
export function platformServices({ env, settings }) {
  const { ports } = settings;
  const api = {
    ...pick(env, [
      'DATABASE_URL',
      'REDIS_URL',
      'PUBLIC_URL',
      'ALLOWED_ORIGINS',
      'AUTH_KEYS_FILE',
      'SMTP_URL',
      'MAIL_FROM',
      'AUDIT_KEYS_FILE',
      'AUDIT_CHECKPOINT_DIR',
      'ENCRYPTION_KEYS_FILE',
      'RATE_LIMIT_FACTOR',
      'RATE_LIMIT_INSTANCES',
    ]),
    ...pickSet(process.env, OTHERS_VARIABLES),
    DATABASE_POOL_SIZE: String(Math.floor(CONNECTIONS / (ports.api.length + ports.worker.length))),
  };
  const ingest = {
    ...pick(env, ['REDIS_URL', 'PUBLIC_URL', 'AUDIT_KEYS_FILE']),
    DATABASE_URL: env['INGEST_DATABASE_URL'] ?? '',
    JWKS_URL: `http://127.0.0.1:${ports.api[0]}/.well-known/jwks.json`,
  };
  return [
    ...ports.api.map((port, index) => service(numbered('api', index), { script: 'api/dist/main.js', port, env: api })),
    ...ports.worker.map((port, index) =>
      service(numbered('worker', index), { script: 'api/dist/worker.js', port, env: api }),
    ),
    ...ports.ingest.map((port, index) =>
      service(numbered('ingest', index), {
        script: 'ingest/dist/main.js',
        flags: INGEST_FLAGS,
        port,
        env: index === 0 ? { ...ingest, MLLP_PORT: String(ports.mllp), ...pickSet(env, ['MQTT_URL']) } : ingest,
      }),
    ),
  ];
}

/**
 * Posts vitals for the inpatients of the demo through Nginx, like a ward's gateway.
 * @param {Stack} stack
 * @returns {Service}
 */
export function simulatorService({ env, place }) {
  return {
    name: 'simulator',
    tier: 5,
    port: null,
    command: {
      file: process.execPath,
      args: [CLI_SCRIPT, 'simulate', '--demo', demoFile(place.data), '--quiet'],
      env,
      cwd: ROOT,
    },
    ready: async () => true,
    stopSignals: ['SIGTERM'],
  };
}

/**
 * @param {string} name
 * @param {{ script: string, port: number, env: Environment, flags?: string[] }} app flags: of Node
 * @returns {Service}
 */
function service(name, { script, port, env, flags = [] }) {
  return {
    name,
    tier: 3,
    port,
    command: {
      file: process.execPath,
      args: ['--enable-source-maps', ...flags, join(ROOT, 'apps', script)],
      env: {
        ...env,
        NODE_ENV: 'production',
        LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
        HOST: '127.0.0.1',
        PORT: String(port),
      },
      cwd: ROOT,
    },
    ready: () => answers(`http://127.0.0.1:${port}/readyz`),
    readyMs: 60_000,
    stopSignals: ['SIGTERM'],
    graceMs: 10_000,
  };
}

/**
 * @param {string} name
 * @param {number} index
 */
const numbered = (name, index) => (index === 0 ? name : `${name}-${index + 1}`);

/**
 * @param {Environment} env
 * @param {string[]} names
 */
const pick = (env, names) => Object.fromEntries(names.map((name) => [name, env[name] ?? '']));

/**
 * What the developer's shell sets; the services have defaults for the rest.
 * @param {NodeJS.ProcessEnv} env
 * @param {string[]} names
 * @returns {Environment}
 */
const pickSet = (env, names) => Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
