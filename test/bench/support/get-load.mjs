import { BareConnection } from './bare-connection.mjs';
import { Histogram } from './histogram.mjs';

/**
 * @typedef {object} GetLoad
 * @property {string} url of the server
 * @property {string} token
 * @property {() => string} path of the next request
 * @property {number} connections
 * @property {number} seconds
 * @property {number} [rate] requests a second whether or not earlier ones were answered; absent: as fast as answers come
 *
 * @typedef {object} GetResult
 * @property {number} requests answered 2xx
 * @property {number} perSecond
 * @property {ReturnType<Histogram['summary']>} latency with a rate, from when the request was due
 * @property {Record<string, number>} failures by status
 */

/**
 * Sends GET requests over connections that stay open.
 * @param {GetLoad} load
 * @returns {Promise<GetResult>}
 */
export async function getLoad({ url, token, path, connections, seconds, rate }) {
  const { host, hostname, port } = new URL(url);
  const head = ` HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
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
      const next = () => {
        const due = rate === undefined ? performance.now() : began + (sent * 1_000) / rate;
        if (due >= end) return connection.close();
        sent++;
        since = due;
        const wait = due - performance.now();
        if (wait > 0.5) setTimeout(send, wait);
        else send();
      };
      const send = () => connection.send(Buffer.from(`GET ${path()}${head}`, 'latin1'));
      const connection = new BareConnection(
        { host: hostname, port: Number(port) },
        {
          onAnswer: ({ status }) => {
            latency.add(performance.now() - since);
            if (status === 200) requests++;
            else failures[status] = (failures[status] ?? 0) + 1;
            next();
          },
          onClose: () => resolve(undefined),
        },
      );
      next();
    });
  await Promise.all(Array.from({ length: connections }, one));
  const took = (performance.now() - began) / 1_000;
  return { requests, perSecond: requests / took, latency: latency.summary(), failures };
}
