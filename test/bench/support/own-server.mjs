import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} OwnServer
 * @property {string} url where it takes telemetry
 * @property {number} pid
 * @property {() => void} stop
 */

/** Starts the bare server. */
export const startHelloServer = () => start('./hello-server.mjs');

/** Starts a receiver built of the usual parts. @param {'insert' | 'copy'} way */
export const startPeer = (way) => start('../peers/peer-server.mjs', way);

/**
 * In a process of its own, which ends with this one.
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<OwnServer>}
 */
async function start(program, ...args) {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), args);
  const [port] = await once(child, 'message');
  return { url: `http://127.0.0.1:${port}/telemetry`, pid: child.pid ?? 0, stop: () => child.disconnect() };
}
