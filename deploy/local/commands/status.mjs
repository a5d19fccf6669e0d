import { connect } from 'node:net';
import { lockHolder } from '../lib/lock.mjs';
import { table } from '../lib/report.mjs';
import { readSettings } from '../lib/settings.mjs';
import { readState } from '../lib/state.mjs';

/** @import { Run } from '../main.mjs' */
/** @import { ServiceStatus } from '../lib/supervisor.mjs' */

const PROBE_MS = 1000;

/** Exit code 0 means that everything runs and answers. @type {Run} */
export async function run(_args, report) {
  const { data } = readSettings(process.env);
  const state = readState(data);
  if (!lockHolder(data) || !state) {
    report.print(`  Nothing runs with ${data}. Start it with: npm start`);
    return 1;
  }
  const probes = await Promise.all(state.services.map(probe));
  const rows = state.services.map((service, index) => [
    service.name,
    service.state,
    probes[index] ? 'yes' : 'no',
    service.port ?? '',
    service.pid ?? '',
    service.restarts,
    service.since,
  ]);
  report.print(`  ${state.baseUrl}  ${state.ready ? 'ready' : 'starting'}, pid ${state.pid}, data in ${data}\n`);
  const lines = table([['service', 'state', 'answers', 'port', 'pid', 'restarts', 'since'], ...rows]);
  for (const line of lines) report.print(`  ${line}`);
  return state.ready && probes.every(Boolean) ? 0 : 1;
}

/**
 * Whether a service can be reached now, whatever its supervisor wrote.
 * @param {ServiceStatus} service
 * @returns {Promise<boolean>}
 */
function probe({ port, state }) {
  if (port === null) return Promise.resolve(state === 'ready');
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: PROBE_MS });
    const settle = (/** @type {boolean} */ reached) => {
      socket.destroy();
      resolve(reached);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}
