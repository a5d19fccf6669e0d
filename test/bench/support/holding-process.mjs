import { setTimeout as delay } from 'node:timers/promises';
import { BareConnection } from './bare-connection.mjs';
import { Histogram } from './histogram.mjs';
import { StampedRequest } from './telemetry-bodies.mjs';

/** @import { HistogramCounts } from './histogram.mjs' */

/**
 * @typedef {object} HoldingOrder
 * @property {string} url of the receiver, path included
 * @property {string} from local address: one has too few ports
 * @property {string} gatewayKey
 * @property {string[]} devices one for each connection
 * @property {number} everyMs each connection sends one reading
 *
 * @typedef {object} Held
 * @property {number} open connections that were opened and never closed
 * @property {number} answered 200 since the last report
 * @property {number} refused answered with anything else since then
 * @property {HistogramCounts} latency since then
 */

// Opens its connections, says so, and then says what happened since each time it is asked.
process.once('message', (order) => void hold(/** @type {HoldingOrder} */ (order)));
process.once('disconnect', () => process.exit());

/** @param {HoldingOrder} order */
async function hold({ url, from, gatewayKey, devices, everyMs }) {
  const { hostname, port, host, pathname } = new URL(url);
  let open = 0;
  let answered = 0;
  let refused = 0;
  let latency = new Histogram();
  const began = performance.now();
  for (const [i, device] of devices.entries()) {
    const due = began + (i / devices.length) * everyMs;
    if (due > performance.now()) await delay(due - performance.now());
    const request = new StampedRequest({ host, path: pathname }, { gatewayKey, devices: [device] }, { keyed: false });
    let sentAt = 0;
    const send = () => {
      request.stamp();
      sentAt = performance.now();
      connection.send(request.bytes);
    };
    const connection = new BareConnection(
      { host: hostname, port: Number(port), localAddress: from },
      {
        onAnswer: ({ status }) => {
          latency.add(performance.now() - sentAt);
          if (status === 200) answered++;
          else refused++;
        },
        onClose: () => open--,
      },
    );
    open++;
    send();
    setInterval(send, everyMs);
  }
  process.on('message', () => {
    process.send?.(/** @type {Held} */ ({ open, answered, refused, latency: latency.counts() }));
    answered = refused = 0;
    latency = new Histogram();
  });
  process.send?.('open');
}
