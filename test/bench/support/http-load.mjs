import { BareConnection } from './bare-connection.mjs';
import { Histogram } from './histogram.mjs';

/**
 * @typedef {object} Ask one request
 * @property {string} method
 * @property {string} path
 * @property {Record<string, string>} [headers]
 * @property {unknown} [body] sent as JSON
 *
 * @typedef {object} HttpLoad
 * @property {string} url of the server
 * @property {string} token
 * @property {() => string | Ask} next what to ask for; a string is the path of a GET
 * @property {number} connections
 * @property {number} seconds
 * @property {number} [rate] requests a second whether or not earlier ones were answered; absent: as fast as answers come
 *
 * @typedef {object} HttpResult
 * @property {number} requests answered 2xx
 * @property {number} perSecond
 * @property {ReturnType<Histogram['summary']>} latency with a rate, from when the request was due
 * @property {Record<string, number>} failures by status
 */

/**
 * Sends requests over connections that stay open.
 * @param {HttpLoad} load
 * @returns {Promise<HttpResult>}
 */
export async function httpLoad({ url, token, next, connections, seconds, rate }) {
  const { host, hostname, port } = new URL(url);
  const head = ` HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n`;
  const latency = new Histogram();
  /** @type {Record<string, number>} */
  const failures = {};
  let requests = 0;
  let sent = 0;
  const began = performance.now();
  const end = began + seconds * 1_000;
  const one = () =>
    new Promise((resolve) => {
      let since = 0;
      const goOn = () => {
        const due = rate === undefined ? performance.now() : began + (sent * 1_000) / rate;
        if (due >= end) return connection.close();
        sent++;
        since = due;
        const wait = due - performance.now();
        if (wait > 0.5) setTimeout(send, wait);
        else send();
      };
      const send = () => connection.send(encode(next(), head));
      const connection = new BareConnection(
        { host: hostname, port: Number(port) },
        {
          onAnswer: ({ status }) => {
            latency.add(performance.now() - since);
            if (status >= 200 && status < 300) requests++;
            else failures[status] = (failures[status] ?? 0) + 1;
            goOn();
          },
          onClose: () => resolve(undefined),
        },
      );
      goOn();
    });
  await Promise.all(Array.from({ length: connections }, one));
  const took = (performance.now() - began) / 1_000;
  return { requests, perSecond: requests / took, latency: latency.summary(), failures };
}

/** @type {(ask: string | Ask, head: string) => Buffer} */
function encode(ask, head) {
  if (typeof ask === 'string') return Buffer.from(`GET ${ask}${head}\r\n`);
  const { method, path, headers = {}, body } = ask;
  const json = body === undefined ? '' : JSON.stringify(body);
  const lines = Object.entries({
    ...headers,
    ...(json === '' ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(json)) }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`${method} ${path}${head}${lines.join('')}\r\n${json}`);
}
