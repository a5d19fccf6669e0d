import { startGuests, startWays } from '../peers/ways.mjs';
import { Comparison } from '../support/comparison.mjs';
import { createFleet } from '../support/fleet.mjs';
import { describeSpread, percent, spread, whole } from '../support/statistics.mjs';
import { table } from '../support/table.mjs';
import { VitalsTable, connectOwner } from '../support/vitals-table.mjs';

/** @import { Outcome, Scenario } from '../main.mjs' */
/** @import { Load } from '../peers/ways.mjs' */
/** @import { Aim } from '../support/aims.mjs' */
/** @import { Fleet } from '../support/fleet.mjs' */

const BATCH = 100;
const CONNECTIONS = 32;

/**
 * Acked rows a second with batches of 100 readings, beside raw COPY of as many rows into the same table, receivers built
 * of the usual parts, and what is here of other makers: interleaved, in turning order, each from empty, and counted after.
 * @type {Scenario}
 */
export async function batches({ quick, progress }) {
  const owner = await connectOwner();
  const fleet = await createFleet(owner, CONNECTIONS * BATCH);
  const table = { fleet, vitals: new VitalsTable(owner, [fleet]) };
  const own = await startWays(table);
  progress('receivers and stores of other makers');
  const guests = await startGuests(table);
  const ways = new Map([...own, ...guests.ways]);
  const comparison = new Comparison(ways, loadOf(fleet, quick));
  const order = [...ways.keys()];
  for (let round = 0; round < (quick ? 1 : 5); round++) {
    progress(`batches of ${BATCH}, round ${round + 1}`);
    // In another order each time, so that what drifts on the machine hits all alike.
    for (const way of round % 2 === 0 ? order : order.toReversed()) await comparison.run(way);
  }
  comparison.stop();
  await owner.end();
  return outcomeOf(comparison, guests.absent);
}

/**
 * @param {Fleet} fleet
 * @param {boolean} quick
 * @returns {Load}
 */
function loadOf({ gatewayKey, devices }, quick) {
  const names = devices.map(({ name }) => name);
  return {
    ...(quick ? { warmUpSeconds: 0.5, seconds: 2 } : { warmUpSeconds: 1, seconds: 8 }),
    senders: Array.from({ length: CONNECTIONS }, (_, i) => [
      { gatewayKey, devices: names.slice(i * BATCH, (i + 1) * BATCH) },
    ]),
  };
}

/**
 * @param {Comparison} comparison
 * @param {readonly string[]} absent
 * @returns {Outcome}
 */
function outcomeOf(comparison, absent) {
  const { rates, latencies, acked, faults, ways, cpuOf } = comparison;
  const cpu = { ingest: cpuOf('direct'), raw: cpuOf('raw') };
  const meanings = [...ways.values()].flatMap(({ meaning }) => meaning ?? []);
  const remarks = [...meanings, ...comparison.remarks, ...absent];
  const rounds = rates['direct']?.length ?? 0;
  return {
    title: `Acked rows/s, batches of ${BATCH} readings, ${CONNECTIONS} connections; median (range) of ${rounds}`,
    text: [
      ratesTable(comparison),
      '',
      ...remarks,
      '',
      cpuTable(cpu),
      '',
      `${whole(acked)} rows acked directly and counted in the table.`,
    ].join('\n'),
    aims: aimsOf(comparison, cpu.ingest),
    faults: faults.map((fault) => `batches, ${fault}`),
    data: { rates, latencies, cpuSecondsPerMillionRows: cpu, remarks },
  };
}

/** @param {Comparison} of */
function ratesTable({ latencies, medianOf, rates, ways }) {
  const [ingest, raw] = [medianOf('direct'), medianOf('raw')];
  const rows = [...ways].map(([key, { name, ackedAfter }]) => {
    const rate = spread(rates[key] ?? []);
    const acks = /** @type {const} */ (['p50', 'p99']).map((quantile) =>
      (latencies[key] ?? []).map((one) => one[quantile]),
    );
    return [
      name,
      describeSpread(rate),
      percent(rate.median / raw),
      `${(ingest / rate.median).toFixed(1)} ×`,
      ...acks.map((values) => (values.length > 0 ? `${spread(values).median.toFixed(0)} ms` : '')),
      ackedAfter,
    ];
  });
  return table(['', 'rows/s', 'of raw COPY', 'ingest is', 'ack p50', 'ack p99', 'acked after'], rows);
}

/**
 * @param {Comparison} of
 * @param {Record<string, number>} cpu
 * @returns {Aim[]}
 */
function aimsOf({ medianOf }, cpu) {
  const direct = medianOf('direct');
  return [
    { what: 'share of raw COPY', is: direct / medianOf('raw'), atLeast: 0.75 },
    { what: 'times Fastify with an INSERT a request', is: direct / medianOf('insert'), atLeast: 3 },
    { what: 'times Fastify with COPY', is: direct / medianOf('copy'), atLeast: 1.5 },
    { what: 'CPU s per million, ingest and PostgreSQL', is: (cpu['ingest'] ?? 0) + (cpu['postgres'] ?? 0), atMost: 7 },
  ];
}

/** @param {{ ingest: Record<string, number>, raw: Record<string, number> }} cpu */
function cpuTable({ ingest, raw }) {
  const withSum = (/** @type {Record<string, number>} */ parts) => ({
    ...parts,
    all: Object.values(parts).reduce((sum, seconds) => sum + seconds, 0),
  });
  const [ours, floor] = /** @type {Record<string, number>[]} */ ([withSum(ingest), withSum(raw)]);
  const rows = Object.entries(ours ?? {}).map(([name, seconds]) => [
    name,
    seconds.toFixed(2),
    (floor?.[name] ?? 0).toFixed(2),
  ]);
  return table(['CPU seconds per million rows', 'ingest', 'raw COPY'], rows);
}
