import { setTimeout as delay } from 'node:timers/promises';
import { BareConnection } from './bare-connection.mjs';
import { Histogram } from './histogram.mjs';

/** @import { HistogramCounts } from './histogram.mjs' */
/** @import { Answer } from './bare-connection.mjs' */
/** @import { StampedRequest } from './telemetry-bodies.mjs' */

const ANSWERED_WITHIN_MS = 10_000;

/**
 * @typedef {object} LoadResult
 * @property {number} seconds from the first request to the last answer
 * @property {number} requests answered 2xx
 * @property {number} accepted readings that receipts call accepted
 * @property {Record<string, number>} failures by status; `closed` counts connections that were cut
 * @property {HistogramCounts} latency
 */

/**
 * Sends requests in a closed loop: each connection sends its next request when the last was answered.
 * @param {object} load
 * @param {{ host: string, port: number }} load.to
 * @param {readonly (readonly StampedRequest[])[]} load.requests of each connection, which sends them in turn
 * @param {number} load.seconds
 * @param {boolean} load.receipts whether answers are receipts; else any 2xx counts
 * @returns {Promise<LoadResult>}
 */
export async function closedLoop({ to, requests, seconds, receipts }) {
  const latency = new Histogram();
  /** @type {Record<string, number>} */
  const failures = {};
  const result = { requests: 0, accepted: 0 };
  const began = performance.now();
  const until = began + seconds * 1_000;
  await Promise.all(
    requests.map(
      (own) =>
        new Promise((resolve) => {
          const next = inTurn(own);
          let sentAt = 0;
          const send = () => {
            const bytes = next();
            sentAt = performance.now();
            connection.send(bytes);
          };
          const onAnswer = (/** @type {Answer} */ { status, body }) => {
            const now = performance.now();
            latency.add(now - sentAt);
            if (status >= 200 && status < 300) result.requests++;
            else failures[status] = (failures[status] ?? 0) + 1;
            if (receipts) result.accepted += acceptedIn(body);
            if (now < until) send();
            else connection.close();
          };
          const onClose = () => {
            if (performance.now() < until) failures['closed'] = (failures['closed'] ?? 0) + 1;
            resolve(undefined);
          };
          const connection = new BareConnection(to, { onAnswer, onClose });
          send();
        }),
    ),
  );
  return { ...result, seconds: (performance.now() - began) / 1_000, failures, latency: latency.counts() };
}

/**
 * Sends requests at a rate that does not wait for answers. When every connection waits for one, requests wait for a
 * connection; their latency counts from when they were due all the same.
 * @param {object} load
 * @param {{ host: string, port: number }} load.to
 * @param {readonly (readonly StampedRequest[])[]} load.requests of each connection, which sends them in turn
 * @param {number} load.seconds
 * @param {number} load.rate requests a second
 * @param {boolean} load.receipts whether answers are receipts; else any 2xx counts
 * @returns {Promise<LoadResult>}
 */
export async function openLoop({ to, requests, seconds, rate, receipts }) {
  const latency = new Histogram();
  /** @type {Record<string, number>} */
  const failures = {};
  const result = { requests: 0, accepted: 0 };
  const total = Math.floor(seconds * rate);
  let begun = 0;
  let answered = 0;
  /** The one that waited longest is next: a connection that is never used is closed. @type {(() => void)[]} */
  const idle = [];
  const began = performance.now();
  const dueOf = (/** @type {number} */ n) => began + (n * 1_000) / rate;
  const sendDue = () => {
    for (const now = performance.now(); begun < total && dueOf(begun) <= now;) {
      const send = idle.shift();
      if (!send) return;
      send();
    }
  };
  const connections = requests.map((own) => {
    const next = inTurn(own);
    let due = 0;
    const send = () => {
      due = dueOf(begun++);
      connection.send(next());
    };
    const onAnswer = (/** @type {Answer} */ { status, body }) => {
      latency.add(performance.now() - due);
      answered++;
      if (status >= 200 && status < 300) result.requests++;
      else failures[status] = (failures[status] ?? 0) + 1;
      if (receipts) result.accepted += acceptedIn(body);
      idle.push(send);
      sendDue();
    };
    const onClose = () => {
      if (answered < total) failures['closed'] = (failures['closed'] ?? 0) + 1;
    };
    const connection = new BareConnection(to, { onAnswer, onClose });
    idle.push(send);
    return connection;
  });
  const lastAt = began + seconds * 1_000 + ANSWERED_WITHIN_MS;
  while (answered < total && performance.now() < lastAt) {
    sendDue();
    await delay(1);
  }
  if (answered < total) failures['unanswered'] = total - answered;
  for (const connection of connections) connection.close();
  return { ...result, seconds: (performance.now() - began) / 1_000, failures, latency: latency.counts() };
}

/**
 * @param {readonly StampedRequest[]} requests
 * @returns {() => Buffer} the next of them, stamped anew
 */
function inTurn(requests) {
  let sent = 0;
  return () => {
    const request = /** @type {StampedRequest} */ (requests[sent++ % requests.length]);
    request.stamp();
    return request.bytes;
  };
}

/** @param {string} body */
function acceptedIn(body) {
  const at = body.indexOf('"accepted":');
  return at === -1 ? 0 : Number.parseInt(body.slice(at + 11), 10);
}
