import { setTimeout as delay } from 'node:timers/promises';
import { Agent, WebSocket } from 'undici';
import { Histogram } from './histogram.mjs';

/** @import { HistogramCounts } from './histogram.mjs' */

/**
 * @typedef {object} HoldingOrder
 * @property {string} url of the receiver, a WebSocket
 * @property {string} gatewayKey
 * @property {string[]} devices one for each connection
 * @property {number} openWithinMs the connections open one after another over this time
 * @property {number} everyMs each connection sends one reading
 *
 * @typedef {object} Held
 * @property {number} open connections that were opened and never closed
 * @property {number} answered receipts since the last report
 * @property {number} refused answered with anything else since then
 * @property {HistogramCounts} latency since then
 */

// Opens its connections, says so, and then says what happened since each time it is asked.
process.once('message', (order) => void hold(/** @type {HoldingOrder} */ (order)));
process.once('disconnect', () => process.exit());

/** @param {HoldingOrder} order */
async function hold({ url, gatewayKey, devices, openWithinMs, everyMs }) {
  let open = 0;
  let answered = 0;
  let refused = 0;
  let latency = new Histogram();
  const dispatcher = new Agent({ connect: { timeout: 60_000 } });
  const began = performance.now();
  /** @param {string} device */
  const hold = (device) => {
    const socket = new WebSocket(url, { dispatcher, headers: { authorization: `Bearer ${gatewayKey}` } });
    let sentAt = 0;
    const send = () => {
      sentAt = performance.now();
      socket.send(JSON.stringify({ readings: [{ d: device, t: Date.now(), hr: 72 }] }));
    };
    socket.addEventListener('open', () => {
      open++;
      send();
      const timer = setInterval(send, everyMs);
      socket.addEventListener('close', () => {
        open--;
        clearInterval(timer);
      });
    });
    socket.addEventListener('message', ({ data }) => {
      latency.add(performance.now() - sentAt);
      if ('accepted' in JSON.parse(String(data))) answered++;
      else refused++;
    });
  };
  for (const [i, device] of devices.entries()) {
    const wait = began + (i / devices.length) * openWithinMs - performance.now();
    // Also when it is late: what came meanwhile is to be heard.
    if (wait > 0 || i % 20 === 0) await delay(Math.max(0, wait));
    hold(device);
  }
  await delay(2_000);
  process.on('message', () => {
    process.send?.(/** @type {Held} */ ({ open, answered, refused, latency: latency.counts() }));
    answered = refused = 0;
    latency = new Histogram();
  });
  process.send?.('open');
}
