import { cpuSeconds } from '../support/cpu.mjs';
import { createFleet } from '../support/fleet.mjs';
import { startHelloServer } from '../support/own-server.mjs';
import { runLoad } from '../support/run-load.mjs';
import { required, servicePids } from '../support/stack.mjs';
import { describeSpread, percent, spread, whole } from '../support/statistics.mjs';
import { table } from '../support/table.mjs';
import { verifiedLoad } from '../support/verified-load.mjs';
import { VitalsTable, connectOwner } from '../support/vitals-table.mjs';

/** @import { Scenario } from '../main.mjs' */
/** @import { Aim } from '../support/aims.mjs' */
/** @import { Fleet } from '../support/fleet.mjs' */
/** @import { LoadSummary } from '../support/run-load.mjs' */

const CONNECTIONS = [64, 256, 1_024];

/**
 * Requests a second with one reading each, committed before they are answered, beside the same requests to a bare
 * uWebSockets.js server that reads and forgets them; interleaved, with the same generator.
 * @type {Scenario}
 */
export async function singles({ quick, progress }) {
  const owner = await connectOwner();
  const fleet = await createFleet(owner);
  const hello = await startHelloServer();
  const runner = new Runner(fleet, new VitalsTable(owner, [fleet]), { hello, quick });
  /** @type {Map<number, Runs>} */
  const results = new Map();
  for (const connections of CONNECTIONS) {
    progress(`single readings, ${connections} connections`);
    results.set(connections, await runner.compare(connections, quick ? 1 : 3));
  }
  hello.stop();
  await owner.end();
  return {
    title: 'Single-reading requests/s; median (range)',
    text: table(
      ['connections', 'ingest', 'bare uWS', 'share', 'ingest p50', 'p99', 'CPU µs/request: ingest', 'bare uWS'],
      [...results].map(([connections, runs]) => line(connections, runs)),
    ),
    aims: [...results].filter(([connections]) => connections >= 256).map(aimOf),
    faults: runner.faults,
    data: Object.fromEntries(results),
  };
}

/**
 * @param {[number, Runs]} of
 * @returns {Aim}
 */
const aimOf = ([connections, { ingest, hello }]) => ({
  what: `share of bare uWS, ${whole(connections)} connections`,
  is: spread(ingest.map(({ rate }) => rate)).median / spread(hello.map(({ rate }) => rate)).median,
  atLeast: 0.35,
});

/**
 * @typedef {object} Run
 * @property {number} rate requests a second
 * @property {number} p50 milliseconds
 * @property {number} p99 milliseconds
 * @property {number} cpuMicroseconds of the server's own process, a request
 *
 * @typedef {{ hello: Run[], ingest: Run[] }} Runs
 */

class Runner {
  /** @type {string[]} */
  faults = [];
  #fleet;
  #vitals;
  #hello;
  #times;

  /**
   * @param {Fleet} fleet
   * @param {VitalsTable} vitals
   * @param {{ hello: { url: string, pid: number }, quick: boolean }} options
   */
  constructor(fleet, vitals, { hello, quick }) {
    this.#fleet = fleet;
    this.#vitals = vitals;
    this.#hello = hello;
    this.#times = quick ? { warmUpSeconds: 0.5, seconds: 2 } : { warmUpSeconds: 1, seconds: 5 };
  }

  /**
   * @param {number} connections
   * @param {number} rounds
   * @returns {Promise<Runs>}
   */
  async compare(connections, rounds) {
    /** @type {Runs} */
    const runs = { hello: [], ingest: [] };
    for (let round = 0; round < rounds; round++) {
      const order = /** @type {const} */ (['ingest', 'hello']);
      for (const target of round % 2 === 0 ? order : order.toReversed()) {
        runs[target].push(await this.#run(target, connections));
      }
    }
    return runs;
  }

  /**
   * @param {'hello' | 'ingest'} target
   * @param {number} connections
   * @returns {Promise<Run>}
   */
  async #run(target, connections) {
    const { devices, gatewayKey } = this.#fleet;
    const order = {
      ...this.#times,
      url: `${target === 'hello' ? this.#hello.url : required('HMS_INGEST_URL')}/telemetry`,
      senders: devices.slice(0, connections).map(({ name }) => [{ gatewayKey, devices: [name] }]),
      keyed: false,
      receipts: target === 'ingest',
    };
    const pids = target === 'hello' ? [this.#hello.pid] : (servicePids().get('ingest') ?? []);
    const before = cpuSeconds(pids);
    /** @type {LoadSummary & { faults?: string[] }} */
    const report = target === 'ingest' ? await verifiedLoad(this.#vitals, order) : await runLoad(order);
    const spent = cpuSeconds(pids) - before;
    for (const fault of report.faults ?? []) this.faults.push(`${connections} connections: ${fault}`);
    return {
      rate: report.perSecond,
      p50: report.latency.p50,
      p99: report.latency.p99,
      cpuMicroseconds: (spent / report.requestsInAll) * 1e6,
    };
  }
}

/**
 * @param {number} connections
 * @param {Runs} runs
 */
function line(connections, { hello, ingest }) {
  const of = (/** @type {Run[]} */ runs, /** @type {keyof Run} */ key) => spread(runs.map((run) => run[key]));
  const rate = of(ingest, 'rate');
  const ceiling = of(hello, 'rate');
  return [
    whole(connections),
    describeSpread(rate),
    describeSpread(ceiling),
    percent(rate.median / ceiling.median),
    `${of(ingest, 'p50').median.toFixed(1)} ms`,
    `${of(ingest, 'p99').median.toFixed(1)} ms`,
    of(ingest, 'cpuMicroseconds').median.toFixed(1),
    of(hello, 'cpuMicroseconds').median.toFixed(1),
  ];
}
