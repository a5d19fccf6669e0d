import { timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { Failure, messageOf } from './failure.mjs';

/** @import { IncomingMessage, ServerResponse } from 'node:http' */
/** @import { Supervisor } from './supervisor.mjs' */

const SIGNALS = ['SIGKILL', 'SIGTERM', 'SIGSTOP', 'SIGCONT'];

/**
 * Lets a test ask the running supervisor for a crash: `GET /<token>/services`, and
 * `POST /<token>/services/<name>/kill[?signal=SIGKILL]`, `…/stop` (which stays stopped) and `…/start`.
 * @param {Supervisor} supervisor
 * @param {{ port: number, token: string }} options
 * @returns {Promise<() => void>} closes it
 */
export function openControl(supervisor, { port, token }) {
  const server = createServer((request, response) => {
    answer(supervisor, token, request)
      .then(([status, body]) => reply(response, status, body))
      .catch((error) => reply(response, error instanceof Failure ? 404 : 500, { error: messageOf(error) }));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () =>
      resolve(() => {
        server.close();
        server.closeAllConnections();
      }),
    );
  });
}

/**
 * @param {Supervisor} supervisor
 * @param {string} token
 * @param {IncomingMessage} request
 * @returns {Promise<[status: number, body: unknown]>}
 */
async function answer(supervisor, token, request) {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const [given = '', area, name, act] = url.pathname.slice(1).split('/');
  if (!same(given, token) || area !== 'services') return [404, { error: 'not found' }];
  if (request.method === 'GET' && name === undefined) return [200, { services: supervisor.services }];
  if (request.method !== 'POST' || name === undefined) return [405, { error: 'method not allowed' }];
  if (act === 'kill') {
    const signal = SIGNALS.find((known) => known === (url.searchParams.get('signal') ?? 'SIGKILL'));
    if (!signal) return [400, { error: `signal must be one of ${SIGNALS.join(', ')}` }];
    supervisor.kill(name, /** @type {NodeJS.Signals} */ (signal));
  } else if (act === 'stop') await supervisor.stop(name);
  else if (act === 'start') await supervisor.resume(name);
  else return [404, { error: 'not found' }];
  return [200, { services: supervisor.services }];
}

/**
 * @param {string} given
 * @param {string} token
 */
function same(given, token) {
  return given.length === token.length && timingSafeEqual(Buffer.from(given), Buffer.from(token));
}

/**
 * @param {ServerResponse} response
 * @param {number} status
 * @param {unknown} body
 */
function reply(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}
