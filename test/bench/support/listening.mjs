import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const ANSWERS_WITHIN_MS = 60_000;

/** @returns {Promise<number>} a port nobody listens on */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/**
 * Resolves once a process that was just started answers well.
 * @param {string} url
 * @param {{ readonly exitCode: number | null }} process
 * @param {string} name
 */
export async function untilAnswers(url, process, name) {
  for (const end = performance.now() + ANSWERS_WITHIN_MS; !(await answers(url)); await delay(100)) {
    if (process.exitCode !== null) throw new Error(`${name} ended with code ${process.exitCode}`);
    if (performance.now() > end) throw new Error(`${name} does not answer`);
  }
}

/** @param {string} url */
const answers = (url) =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
