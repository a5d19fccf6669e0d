import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Histogram } from './histogram.mjs';

/** @import { LoadOrder, LoadReport } from './load-process.mjs' */

const program = fileURLToPath(new URL('./load-process.mjs', import.meta.url));
/** One process cannot ask as fast as a bare server answers. */
const PROCESSES = 2;

/**
 * @typedef {object} LoadSummary
 * @property {number} requests answered 2xx while measured
 * @property {number} accepted readings that receipts called accepted while measured
 * @property {number} perSecond requests
 * @property {number} acceptedPerSecond
 * @property {ReturnType<Histogram['summary']>} latency
 * @property {number} acceptedInAll with those of the warm-up
 * @property {number} requestsInAll with those of the warm-up
 * @property {Record<string, number>} failures by status, with those of the warm-up
 */

/**
 * Runs generators in processes of their own, which share the connections.
 * @param {LoadOrder} order
 * @returns {Promise<LoadSummary>}
 */
export async function runLoad(order) {
  const shares = Array.from({ length: PROCESSES }, (_, i) => order.senders.filter((_, n) => n % PROCESSES === i));
  const rate = order.rate === undefined ? {} : { rate: order.rate / PROCESSES };
  const reports = await Promise.all(shares.map((senders) => runProcess({ ...order, ...rate, senders })));
  const sum = (/** @type {(report: LoadReport) => number} */ of) =>
    reports.reduce((all, report) => all + of(report), 0);
  const latency = new Histogram();
  /** @type {Record<string, number>} */
  const failures = {};
  for (const report of reports) {
    latency.merge(report.measured.latency);
    for (const [status, count] of Object.entries(report.failures)) failures[status] = (failures[status] ?? 0) + count;
  }
  return {
    requests: sum(({ measured }) => measured.requests),
    accepted: sum(({ measured }) => measured.accepted),
    perSecond: sum(({ measured }) => measured.requests / measured.seconds),
    acceptedPerSecond: sum(({ measured }) => measured.accepted / measured.seconds),
    latency: latency.summary(),
    acceptedInAll: sum((report) => report.acceptedInAll),
    requestsInAll: sum((report) => report.requestsInAll),
    failures,
  };
}

/**
 * @param {LoadOrder} order
 * @returns {Promise<LoadReport>}
 */
function runProcess(order) {
  const child = fork(program);
  child.send(order);
  return new Promise((resolve, reject) => {
    child.once('message', (report) => resolve(/** @type {LoadReport} */ (report)));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`a load generator ended with code ${code}`)));
  });
}
