import { createFleet } from '../support/fleet.mjs';
import { required } from '../support/stack.mjs';
import { whole } from '../support/statistics.mjs';
import { table } from '../support/table.mjs';
import { verifiedLoad } from '../support/verified-load.mjs';
import { VitalsTable, connectOwner } from '../support/vitals-table.mjs';

/** @import { Scenario } from '../main.mjs' */
/** @import { LoadSummary } from '../support/run-load.mjs' */

const CONNECTIONS = 512;
const FIRST_RATE = 2_000;
const STEP = 1.1;
/** Beyond these a rate is past the knee. */
const SLOWEST_P99_MS = 250;
const LEAST_ANSWERED = 0.97;

/**
 * Latency from when a single reading was due to its acknowledgement, at a rate that does not wait for answers: raised
 * by tenths until answers fall behind, and then measured at shares of the last rate that was kept.
 * @type {Scenario}
 */
export async function knee({ quick, progress }) {
  const owner = await connectOwner();
  const fleet = await createFleet(owner);
  const { devices, gatewayKey } = fleet;
  const vitals = new VitalsTable(owner, [fleet]);
  /** @type {string[]} */
  const faults = [];
  const at = async (/** @type {number} */ rate, /** @type {number} */ seconds) => {
    const load = await verifiedLoad(vitals, {
      url: `${required('HMS_INGEST_URL')}/telemetry`,
      senders: devices.slice(0, CONNECTIONS).map(({ name }) => [{ gatewayKey, devices: [name] }]),
      keyed: false,
      receipts: true,
      warmUpSeconds: 1,
      seconds,
      rate,
    });
    faults.push(...load.faults.map((fault) => `at ${whole(rate)}/s: ${fault}`));
    return load;
  };
  const found = await findKnee((rate) => {
    progress(`single readings at ${whole(rate)}/s`);
    return at(rate, quick ? 1 : 3);
  });
  /** @type {[string, number, LoadSummary][]} */
  const measured = [];
  for (const share of [0.5, 0.8]) {
    const rate = Math.round(found * share);
    progress(`single readings at ${share * 100} % of the knee`);
    measured.push([`${share * 100} % of the knee`, rate, await at(rate, quick ? 3 : 20)]);
  }
  await owner.end();
  const half = measured[0]?.[2].latency;
  return {
    title: `Single readings at a rate of their own, ${CONNECTIONS} connections: due → acknowledged, milliseconds`,
    text: [
      table(
        ['', 'requests/s', 'p50', 'p95', 'p99', 'max'],
        measured.map(([name, rate, { latency }]) => [
          name,
          whole(rate),
          ...[latency.p50, latency.p95, latency.p99, latency.max].map((ms) => ms.toFixed(1)),
        ]),
      ),
      `The knee: ${whole(found)}/s was kept with p99 below ${SLOWEST_P99_MS} ms, ${whole(found * STEP)}/s was not.`,
    ].join('\n'),
    aims: [
      { what: 'p50 at half of the knee, ms', is: half?.p50 ?? Infinity, atMost: 10 },
      { what: 'p95', is: half?.p95 ?? Infinity, atMost: 50 },
      { what: 'p99', is: half?.p99 ?? Infinity, atMost: 100 },
    ],
    faults,
    data: { knee: found, measured: measured.map(([name, rate, { latency }]) => ({ name, rate, latency })) },
  };
}

/**
 * @param {(rate: number) => Promise<LoadSummary>} at
 * @returns {Promise<number>} the last rate that was kept: doubled as long as that holds, then raised by tenths
 */
async function findKnee(at) {
  const isKept = async (/** @type {number} */ rate) => {
    const { perSecond, latency } = await at(rate);
    return perSecond >= rate * LEAST_ANSWERED && latency.p99 <= SLOWEST_P99_MS;
  };
  let rate = FIRST_RATE;
  while (await isKept(rate * 2)) rate *= 2;
  while (await isKept(Math.round(rate * STEP))) rate = Math.round(rate * STEP);
  return rate;
}
