import { leftOut } from '../support/comparison.mjs';
import { startPeer } from '../support/own-server.mjs';
import { rawCopy } from '../support/raw-copy.mjs';
import { required } from '../support/stack.mjs';
import { verifiedLoad } from '../support/verified-load.mjs';
import { startGoPeer } from './go-peer.mjs';
import { influxdb } from './influxdb.mjs';
import { loadLineStore } from './line-store.mjs';
import { victoriaMetrics } from './victoria-metrics.mjs';

/** @import { Peers } from '../../../deploy/local/bring-up.mjs' */
/** @import { Binary, PeerKind } from '../../../deploy/local/servers/locate.mjs' */
/** @import { Fleet } from '../support/fleet.mjs' */
/** @import { LoadOrder } from '../support/load-process.mjs' */
/** @import { LoadSummary } from '../support/run-load.mjs' */
/** @import { VitalsTable } from '../support/vitals-table.mjs' */
/** @import { LineProduct } from './line-store.mjs' */

/** @typedef {Pick<LoadOrder, 'senders' | 'warmUpSeconds' | 'seconds'>} Load a sender's batch has a reading of each device */

/** @typedef {{ fleet: Fleet, vitals: VitalsTable }} Table where ours, and those that do the same work, store */

/**
 * @typedef {Pick<LoadSummary, 'accepted' | 'acceptedPerSecond' | 'acceptedInAll'> & {
 *   latency?: LoadSummary['latency'], faults: string[] }} Measured
 */

/**
 * @typedef {object} Way to hand over batches of readings
 * @property {string} name
 * @property {string} ackedAfter what an answer waits for
 * @property {string} [meaning] of a guest's figures beside ours; absent: it is no guest
 * @property {(load: Load, rows: number) => Promise<Measured>} run from empty; rows: for one that no generator loads
 * @property {() => void} [stop]
 */

/**
 * Of other makers, or in other languages.
 * @type {{ kind: PeerKind, title: string, start: (binary: Binary, table: Table) => Promise<Way> | Way }[]}
 */
const GUESTS = [
  { kind: 'go', title: 'Go with pgx', start: goWay },
  {
    kind: 'influxd',
    title: 'InfluxDB',
    start: (binary) => ({
      ...lineWay('InfluxDB', influxdb(binary)),
      ackedAfter: 'sync of its log',
      meaning:
        'InfluxDB: what it acks is as durable, but an equal point overwrites silently, and it knows no patient, device, ' +
        'range, alarm or idempotency key.',
    }),
  },
  {
    kind: 'victoria-metrics',
    title: 'VictoriaMetrics',
    start: (binary) => ({
      ...lineWay('VictoriaMetrics', victoriaMetrics(binary)),
      ackedAfter: 'nothing: memory',
      meaning: 'VictoriaMetrics: acks from memory, a crash loses the last seconds. It checks as little as InfluxDB.',
    }),
  },
];

/**
 * Ingest, raw COPY, and receivers built of the usual parts.
 * @param {Table} table
 * @returns {Promise<Map<string, Way>>}
 */
export async function startWays(table) {
  const copy = await startPeer('copy');
  const insert = await startPeer('insert');
  return new Map([
    ['direct', postWay('ingest', required('HMS_INGEST_URL'), table)],
    ['raw', rawWay(table)],
    ['copy', { ...postWay('Fastify, COPY of what waits', copy.url, table), stop: copy.stop }],
    ['nginx', postWay('ingest through Nginx', required('HMS_BASE_URL'), table)],
    ['insert', { ...postWay('Fastify, an INSERT a request', insert.url, table), stop: insert.stop }],
  ]);
}

/**
 * What the launcher found or fetched. Whatever keeps one from working leaves it out.
 * @param {Table} table
 * @returns {Promise<{ ways: Map<string, Way>, absent: string[] }>} absent: a line for each that is not here
 */
export async function startGuests(table) {
  /** @type {Peers} */
  const peers = JSON.parse(required('HMS_BENCH_PEERS'));
  /** @type {Map<string, Way>} */
  const ways = new Map();
  /** @type {string[]} */
  const absent = [];
  for (const { kind, title, start } of GUESTS) {
    const peer = peers[kind];
    try {
      if ('missing' in peer) throw new Error(peer.missing);
      ways.set(kind, await start(peer, table));
    } catch (error) {
      absent.push(leftOut(title, error));
    }
  }
  return { ways, absent };
}

/**
 * @param {string} name
 * @param {string} url
 * @param {Table} table
 * @returns {Way}
 */
function postWay(name, url, { vitals }) {
  const to = { url: `${url}/telemetry`, keyed: true, receipts: true };
  return { name, ackedAfter: 'commit', run: (load) => verifiedLoad(vitals, { ...load, ...to }) };
}

/**
 * @param {Table} table
 * @returns {Way}
 */
const rawWay = ({ fleet, vitals }) => ({
  name: 'raw 2-way binary COPY',
  ackedAfter: 'commit',
  run: async (_load, wanted) => {
    await vitals.reset();
    const { rows, rate } = await rawCopy(fleet, wanted);
    const stored = await vitals.count();
    const faults = stored === rows ? [] : [`${rows} rows sent, ${stored} stored`];
    return { accepted: rows, acceptedPerSecond: rate, acceptedInAll: rows, faults };
  },
});

/**
 * @param {Binary} go
 * @param {Table} table
 * @returns {Promise<Way>}
 */
async function goWay(go, table) {
  const { url, stop } = await startGoPeer(go);
  return {
    ...postWay(`Go ${go.version}, pgx, COPY of what waits`, url, table),
    meaning: 'Go: does what the Fastify receivers do, without replays, moved devices, alarms, live wards or fairness.',
    stop,
  };
}

/**
 * @param {string} title
 * @param {LineProduct} product
 * @returns {Pick<Way, 'name' | 'run'>}
 */
const lineWay = (title, product) => ({
  name: `${title} ${product.binary.version}`.trim(),
  run: (load) => loadLineStore(product, load),
});
