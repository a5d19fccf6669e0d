import { CpuSplit } from '../support/cpu-split.mjs';
import { createFleet } from '../support/fleet.mjs';
import { startPeer } from '../support/own-server.mjs';
import { rawCopy } from '../support/raw-copy.mjs';
import { required } from '../support/stack.mjs';
import { describeSpread, percent, spread, whole } from '../support/statistics.mjs';
import { table } from '../support/table.mjs';
import { verifiedLoad } from '../support/verified-load.mjs';
import { VitalsTable, connectOwner } from '../support/vitals-table.mjs';

/** @import { Scenario } from '../main.mjs' */
/** @import { Aim } from '../support/aims.mjs' */
/** @import { Fleet } from '../support/fleet.mjs' */
/** @import { OwnServer } from '../support/own-server.mjs' */

const BATCH = 100;
const CONNECTIONS = 32;
/** By HTTP, what answers it. */
const WAYS = /** @type {const} */ ({
  direct: 'ingest',
  nginx: 'ingest through Nginx',
  copy: 'Fastify, COPY of what waits',
  insert: 'Fastify, an INSERT a request',
});

/** @typedef {keyof typeof WAYS} Way */

/**
 * Acked rows a second with batches of 100 readings, beside raw COPY of as many rows into the same table and receivers
 * built of the usual parts: interleaved, in turning order, the table emptied before each, and counted after it.
 * @type {Scenario}
 */
export async function batches({ quick, progress }) {
  const owner = await connectOwner();
  const fleet = await createFleet(owner, CONNECTIONS * BATCH);
  const peers = { copy: await startPeer('copy'), insert: await startPeer('insert') };
  const comparison = new Comparison(fleet, new VitalsTable(owner, [fleet]), { peers, quick });
  const order = /** @type {const} */ (['direct', 'raw', 'copy', 'nginx', 'insert']);
  for (let round = 0; round < (quick ? 1 : 5); round++) {
    progress(`batches of ${BATCH}, round ${round + 1}`);
    // In another order each time, so that what drifts on the machine hits all alike.
    for (const step of round % 2 === 0 ? order : order.toReversed()) await comparison.run(step);
  }
  for (const peer of Object.values(peers)) peer.stop();
  await owner.end();
  const { rates, latencies, acked, faults } = comparison;
  const cpu = comparison.cpu.perMillion(acked);
  return {
    title: `Acked rows/s, batches of ${BATCH} readings, ${CONNECTIONS} connections; median (range) of ${rates.raw.length}`,
    text: [
      ratesTable(comparison),
      '',
      cpuTable(cpu),
      '',
      `${whole(acked)} rows acked directly and counted in the table.`,
    ].join('\n'),
    aims: aimsOf(comparison, cpu),
    faults,
    data: { rates, latencies, cpuSecondsPerMillionRows: cpu },
  };
}

/** Runs of the ways to store the same rows, and what they took. */
class Comparison {
  /** @type {Record<Way | 'raw', number[]>} rows a second */
  rates = { direct: [], nginx: [], copy: [], insert: [], raw: [] };
  /** @type {Record<Way, { p50: number, p99: number }[]>} milliseconds */
  latencies = { direct: [], nginx: [], copy: [], insert: [] };
  /** @type {string[]} */
  faults = [];
  /** Rows acknowledged while {@link cpu} was counted. */
  acked = 0;
  cpu = new CpuSplit({ generator: [process.pid] });
  #fleet;
  #vitals;
  #urls;
  #times;
  #rows = 0;

  /**
   * @param {Fleet} fleet
   * @param {VitalsTable} vitals
   * @param {{ peers: Record<'copy' | 'insert', OwnServer>, quick: boolean }} options
   */
  constructor(fleet, vitals, { peers, quick }) {
    this.#fleet = fleet;
    this.#vitals = vitals;
    this.#urls = {
      direct: `${required('HMS_INGEST_URL')}/telemetry`,
      nginx: `${required('HMS_BASE_URL')}/telemetry`,
      copy: `${peers.copy.url}/telemetry`,
      insert: `${peers.insert.url}/telemetry`,
    };
    this.#times = quick ? { warmUpSeconds: 0.5, seconds: 2 } : { warmUpSeconds: 1, seconds: 8 };
  }

  /** @param {Way | 'raw'} way */
  async run(way) {
    if (way === 'raw') await this.#raw();
    else await this.#post(way);
  }

  /** @param {Way} way */
  async #post(way) {
    const { devices, gatewayKey } = this.#fleet;
    const names = devices.map((device) => device.name);
    const order = {
      ...this.#times,
      url: this.#urls[way],
      senders: Array.from({ length: CONNECTIONS }, (_, i) => [
        { gatewayKey, devices: names.slice(i * BATCH, (i + 1) * BATCH) },
      ]),
      keyed: true,
      receipts: true,
    };
    const load = () => verifiedLoad(this.#vitals, order);
    const { accepted, acceptedPerSecond, latency, acceptedInAll, faults } =
      way === 'direct' ? await this.cpu.during(load) : await load();
    if (way === 'direct') this.acked += acceptedInAll;
    this.#rows ||= accepted;
    this.rates[way].push(acceptedPerSecond);
    this.latencies[way].push(latency);
    this.faults.push(...faults.map((fault) => `batches, ${way}: ${fault}`));
  }

  async #raw() {
    await this.#vitals.reset();
    const { rows, rate } = await rawCopy(this.#fleet, this.#rows);
    this.rates.raw.push(rate);
    const stored = await this.#vitals.count();
    if (stored !== rows) this.faults.push(`raw COPY: ${rows} rows sent, ${stored} stored`);
  }
}

/** @param {Comparison} of */
function ratesTable({ rates, latencies }) {
  const raw = spread(rates.raw);
  const ingest = spread(rates.direct).median;
  const ways = entriesOf(WAYS).map(([way, name]) => {
    const rate = spread(rates[way]);
    const [p50, p99] = /** @type {const} */ (['p50', 'p99']).map(
      (key) => spread(latencies[way].map((one) => one[key])).median,
    );
    return [
      name,
      describeSpread(rate),
      percent(rate.median / raw.median),
      `${(ingest / rate.median).toFixed(1)} ×`,
      `${p50?.toFixed(0)} ms`,
      `${p99?.toFixed(0)} ms`,
    ];
  });
  return table(
    ['', 'rows/s', 'of raw COPY', 'ingest is', 'ack p50', 'ack p99'],
    [...ways, ['raw 2-way binary COPY', describeSpread(raw)]],
  );
}

/**
 * @param {Comparison} of
 * @param {Record<string, number>} cpu
 * @returns {Aim[]}
 */
function aimsOf({ rates }, cpu) {
  const [direct, raw, copy, insert] = /** @type {const} */ (['direct', 'raw', 'copy', 'insert']).map(
    (way) => spread(rates[way]).median,
  );
  return [
    { what: 'share of raw COPY', is: (direct ?? 0) / (raw ?? 0), atLeast: 0.75 },
    { what: 'times Fastify with an INSERT a request', is: (direct ?? 0) / (insert ?? 0), atLeast: 3 },
    { what: 'times Fastify with COPY', is: (direct ?? 0) / (copy ?? 0), atLeast: 1.5 },
    { what: 'CPU s per million, ingest and PostgreSQL', is: (cpu['ingest'] ?? 0) + (cpu['postgres'] ?? 0), atMost: 7 },
  ];
}

/** @param {Record<string, number>} cpu */
function cpuTable(cpu) {
  const all = Object.values(cpu).reduce((sum, seconds) => sum + seconds, 0);
  const rows = Object.entries({ ...cpu, all }).map(([name, seconds]) => [name, seconds.toFixed(2)]);
  return table(['CPU seconds per million rows', ''], rows);
}

/** @type {(ways: typeof WAYS) => [Way, string][]} */
const entriesOf = (ways) => /** @type {[Way, string][]} */ (Object.entries(ways));
