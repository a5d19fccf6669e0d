import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} OwnServer
 * @property {string} url
 * @property {number} pid
 * @property {() => void} stop
 */

/** Starts the bare uWebSockets.js server. */
export const startHelloServer = () => start('./hello-server.mjs');

/** Starts a bare Fastify server that answers every GET with this JSON. @param {string} json */
export const startBareFastify = (json) => start('./fastify-server.mjs', json);

/** Starts a receiver of telemetry built of the usual parts. @param {'insert' | 'copy'} way */
export const startPeer = (way) => start('../peers/peer-server.mjs', way);

/**
 * Starts a server that looks whether a time is free and then books it.
 * @param {string} databaseUrl
 * @param {string} schema of its table
 */
export const startBookingPeer = (databaseUrl, schema) => start('../peers/booking-peer.mjs', databaseUrl, schema);

/** Starts PouchDB's server, in memory. @param {string} folder in which it is installed */
export const startPouchdbServer = (folder) => start('../peers/pouchdb-server.mjs', folder);

/**
 * In a process of its own, which ends with this one.
 * @param {string} program
 * @param {string[]} args
 * @returns {Promise<OwnServer>}
 */
async function start(program, ...args) {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), args);
  const [port] = await once(child, 'message');
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop: () => child.disconnect() };
}
