import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { killGroup, spawnLogged } from '../../../deploy/local/lib/child.mjs';
import { freePort, untilAnswers } from '../support/listening.mjs';
import { runLoad } from '../support/run-load.mjs';
import { required } from '../support/stack.mjs';
import { LINES_USER, basicAuthorization } from '../support/telemetry-bodies.mjs';

/** @import { Binary } from '../../../deploy/local/servers/locate.mjs' */
/** @import { LoadSummary } from '../support/run-load.mjs' */
/** @import { Load } from './ways.mjs' */

/**
 * @typedef {object} Client of a store that runs
 * @property {(path: string, body?: URLSearchParams) => Promise<unknown>} ask as the gateway; with a body it is a POST
 */

/**
 * @typedef {object} LineProduct a store of another maker that reads line protocol
 * @property {string} name
 * @property {Binary} binary
 * @property {(at: { folder: string, address: string, user: string, password: string }) => { args: string[], env: Record<string, string> }} command
 * @property {string} alive path that answers once it works
 * @property {string} write path that takes lines with times in milliseconds
 * @property {(client: Client, password: string) => Promise<unknown>} prepare before the first line
 * @property {(client: Client) => Promise<number>} count readings it holds
 */

/**
 * Starts a store on an empty folder of its own, loads it, counts what it holds, and throws it away: nothing of it runs
 * while others are measured.
 * @param {LineProduct} product
 * @param {Load} load
 * @returns {Promise<LoadSummary & { faults: string[] }>}
 */
export async function loadLineStore(product, load) {
  const folder = join(required('HMS_DATA'), 'peers', product.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const password = load.senders[0]?.[0]?.gatewayKey ?? '';
  const address = `127.0.0.1:${await freePort()}`;
  const child = start(product, { folder, address, user: LINES_USER, password });
  try {
    const url = `http://${address}`;
    await untilAnswers(url + product.alive, child, product.name);
    const client = clientOf(url, password);
    await product.prepare(client, password);
    const order = { ...load, url: url + product.write, format: /** @type {const} */ ('lines') };
    const summary = await runLoad({ ...order, keyed: false, receipts: false });
    return counted(summary, load, await product.count(client));
  } finally {
    killGroup(child.pid);
    await child;
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {LineProduct} product
 * @param {Parameters<LineProduct['command']>[0]} at
 */
function start({ name, binary, command }, at) {
  const { args, env } = command(at);
  const logFile = join(required('HMS_DATA'), 'log', `peer-${name}.log`);
  return spawnLogged({ file: binary.file, args, env: { ...binary.env, ...env }, cwd: at.folder }, logFile);
}

/**
 * An answer of these says nothing, so that 2xx means all of a batch.
 * @param {LoadSummary} summary
 * @param {Load} load
 * @param {number} stored
 */
function counted(summary, { senders }, stored) {
  const batch = senders[0]?.[0]?.devices.length ?? 0;
  const acceptedInAll = summary.requestsInAll * batch;
  const faults = Object.entries(summary.failures).map(([status, count]) => `${count} answers were ${status}`);
  if (stored !== acceptedInAll) faults.push(`${acceptedInAll} readings acked, ${stored} found`);
  return {
    ...summary,
    accepted: summary.requests * batch,
    acceptedPerSecond: summary.perSecond * batch,
    acceptedInAll,
    faults,
  };
}

/**
 * @param {string} url
 * @param {string} password
 * @returns {Client}
 */
function clientOf(url, password) {
  const headers = { authorization: basicAuthorization(password) };
  return {
    ask: async (path, body) => {
      const answer = await fetch(url + path, body ? { method: 'POST', headers, body } : { headers });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${path} was answered ${answer.status} ${text.trim()}`);
      return text.startsWith('{') ? JSON.parse(text) : text;
    },
  };
}
