import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort, untilAnswers } from './listening.mjs';
import { required } from './stack.mjs';

/** @import { OwnServer } from './own-server.mjs' */

const api = fileURLToPath(new URL('../../../apps/api/dist/main.js', import.meta.url));
const costApi = fileURLToPath(new URL('./cost-api.mjs', import.meta.url));
const ingest = fileURLToPath(new URL('../../../apps/ingest/dist/main.js', import.meta.url));

/**
 * Starts one more API process beside those of the stack.
 * @param {Record<string, string>} settings over the environment of the stack
 */
export const startApi = (settings) => start(api, { DATABASE_URL: required('DATABASE_URL'), ...settings });

/** As {@link startApi}, with the routes of `cost-api.mjs`. */
export const startCostApi = () => start(costApi, { DATABASE_URL: required('DATABASE_URL') });

/** Starts one more ingest process beside those of the stack. */
export const startIngest = () => start(ingest, { DATABASE_URL: required('INGEST_DATABASE_URL') });

/**
 * @param {string} script
 * @param {Record<string, string>} settings
 * @returns {Promise<OwnServer>}
 */
async function start(script, settings) {
  const port = await freePort();
  const env = { ...process.env, NODE_ENV: 'production', LOG_LEVEL: 'warn', HOST: '127.0.0.1', PORT: String(port) };
  const child = fork(script, { env: { ...env, ...settings }, stdio: 'inherit' });
  const url = `http://127.0.0.1:${port}`;
  await untilAnswers(`${url}/readyz`, child, script);
  return { url, pid: child.pid ?? 0, stop: () => void child.kill('SIGTERM') };
}
