import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:net';
import pg from 'pg';
import { messageOf } from './failure.mjs';

/**
 * @typedef {object} Wait
 * @property {number} ms how long at most
 * @property {AbortSignal} [signal] gives up at once
 */

/**
 * Asks until the answer is yes. A question that throws counts as no.
 * @param {() => Promise<unknown>} question
 * @param {Wait} wait
 * @throws {Error} that says why the last try failed
 */
export async function until(question, { ms, signal }) {
  const end = performance.now() + ms;
  for (let pause = 20; ; pause = Math.min(pause * 1.5, 250)) {
    let reason = 'the answer was no';
    try {
      if (await question()) return;
    } catch (error) {
      reason = messageOf(error);
    }
    signal?.throwIfAborted();
    if (performance.now() > end) throw new Error(`not ready after ${Math.round(ms / 1000)} s: ${reason}`);
    await delay(pause, undefined, signal ? { signal } : {});
  }
}

/**
 * @param {string} url
 * @param {string} sql
 * @param {unknown[]} [values]
 * @returns {Promise<pg.QueryResult<Record<string, unknown>>>}
 */
export async function query(url, sql, values) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000 });
  // A server that goes away also reports on the idle client; the query itself has its own answer.
  client.on('error', () => {});
  await client.connect();
  try {
    return await client.query(sql, values);
  } finally {
    await client.end();
  }
}

/**
 * @param {string} url
 * @param {number} [expected]
 * @returns {Promise<boolean>}
 */
export async function answers(url, expected = 200) {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000), redirect: 'manual' });
  await response.arrayBuffer();
  if (response.status !== expected) throw new Error(`${new URL(url).pathname} answered ${response.status}`);
  return true;
}

/**
 * @param {number} port
 * @param {string} password
 * @returns {Promise<boolean>} whether Redis has loaded its data and takes commands
 */
export function redisAnswers(port, password) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.setTimeout(2000, () => socket.destroy(new Error('Redis does not answer')));
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
      if (received.includes('+PONG')) resolve(true);
      else if (/^-/m.test(received)) reject(new Error(received.trim()));
      else return;
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
