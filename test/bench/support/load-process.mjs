import { closedLoop, openLoop } from './load.mjs';
import { StampedRequest } from './telemetry-bodies.mjs';

/** @import { Format, Sender } from './telemetry-bodies.mjs' */

/**
 * @typedef {object} LoadOrder
 * @property {string} url of the receiver, path included
 * @property {Sender[][]} senders of each connection, which sends for them in turn; no device is at two, so that no
 *   reading is sent twice
 * @property {Format} [format] of the bodies; absent: JSON
 * @property {boolean} keyed whether batches carry a key
 * @property {boolean} receipts whether the receiver answers with receipts
 * @property {number} warmUpSeconds before the measurement, not part of its figures
 * @property {number} seconds
 * @property {number} [rate] requests a second whether or not earlier ones were answered; absent: as fast as answers come
 */

/**
 * @typedef {object} LoadReport
 * @property {import('./load.mjs').LoadResult} measured
 * @property {number} acceptedInAll with those of the warm-up
 * @property {number} requestsInAll answered 2xx, with those of the warm-up
 * @property {Record<string, number>} failures with those of the warm-up
 */

// A generator is a process of its own: it shares no event loop with what watches it.
process.once('message', (order) => {
  void run(/** @type {LoadOrder} */ (order)).then((report) => {
    process.send?.(report);
    process.disconnect();
  });
});

/**
 * @param {LoadOrder} order
 * @returns {Promise<LoadReport>}
 */
async function run({ url, senders, format = 'json', keyed, receipts, warmUpSeconds, seconds, rate }) {
  const { hostname, port, host, pathname, search } = new URL(url);
  const requests = senders.map((own) =>
    own.map((sender) => new StampedRequest({ host, path: pathname + search }, sender, { keyed, format })),
  );
  const load = { to: { host: hostname, port: Number(port) }, requests, receipts };
  const send = (/** @type {number} */ duration) =>
    rate === undefined ? closedLoop({ ...load, seconds: duration }) : openLoop({ ...load, seconds: duration, rate });
  const warmUp = await send(warmUpSeconds);
  const measured = await send(seconds);
  return {
    measured,
    acceptedInAll: warmUp.accepted + measured.accepted,
    requestsInAll: warmUp.requests + measured.requests,
    failures: { ...warmUp.failures, ...measured.failures },
  };
}
