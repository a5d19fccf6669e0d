import { CpuSplit } from '../support/cpu-split.mjs';
import { useDayPartitions } from '../support/day-partitions.mjs';
import { untilKnown } from '../support/furnish.mjs';
import { openHospitals } from '../support/hospitals.mjs';
import { required } from '../support/stack.mjs';
import { describeSpread, percent, spread, whole } from '../support/statistics.mjs';
import { table } from '../support/table.mjs';
import { verifiedLoad } from '../support/verified-load.mjs';
import { connectOwner } from '../support/vitals-table.mjs';

/** @import pg from 'pg' */
/** @import { Scenario } from '../main.mjs' */
/** @import { Fleet } from '../support/fleet.mjs' */
/** @import { Sender } from '../support/telemetry-bodies.mjs' */

const BATCH = 100;
const CONNECTIONS = 16;
/** Sessions of PostgreSQL that write for ingest each remember a hospital's tables once they have met it. */
const MEETINGS = 4;
const MET_AT_ONCE = 8;

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {readonly Fleet[]} hospitals
 * @property {Sender[]} senders each with devices of its own
 */

/**
 * Acked rows a second where there is much beside what is written: many hospitals and devices, many partitions and rows.
 * Each is measured in turn with its small counterpart.
 * @type {Scenario}
 */
export async function breadth({ quick, progress }) {
  const owner = await connectOwner();
  const [count, rows] = quick ? [10, 1_000_000] : [500, 50_000_000];
  progress(`opening ${count} hospitals`);
  const many = await openHospitals({ count, devicesEach: 200, progress: everyFew(progress, 'hospitals') });
  const [one, few, deep] = await openHospitals({ count: 3, devicesEach: 1_600, progress: () => undefined });
  if (!one || !few || !deep) throw new Error('three hospitals were asked for');
  await useDayPartitions(owner, few, { days: 7, ahead: 3, rows: 0, progress: () => undefined });
  progress(`filling ${whole(rows)} rows into 365 days`);
  await useDayPartitions(owner, deep, { days: 365, ahead: 3, rows, progress: everyFew(progress, 'days') });
  for (const hospital of [one, few, deep]) await untilKnown(hospital);
  progress(`meeting ${count} hospitals`);
  const meeting = new CpuSplit({});
  await meeting.during(() => meet(many));
  for (let again = 1; again < MEETINGS; again++) await meet(many);
  const measure = new Measure(owner, quick);
  const narrow = { name: '1 hospital, 100 devices', hospitals: [one], senders: repeated(one) };
  const wide = { name: `${count} hospitals, ${whole(count * 200)} devices`, hospitals: many, senders: inBatches(many) };
  const empty = { name: '7 daily partitions, empty', hospitals: [few], senders: inBatches([few]) };
  const full = { name: `365 daily partitions, ${whole(rows)} rows`, hospitals: [deep], senders: inBatches([deep]) };
  for (const pair of [
    [narrow, wide],
    [empty, full],
  ]) {
    for (let round = 0; round < (quick ? 1 : 4); round++) {
      progress(`${pair.map(({ name }) => name).join(' and ')}, round ${round + 1}`);
      for (const one of round % 2 === 0 ? pair : pair.toReversed()) await measure.run(one);
    }
  }
  await owner.end();
  const { rates, faults } = measure;
  return {
    title: `Acked rows/s, batches of ${BATCH} readings, ${CONNECTIONS} connections; median (range)`,
    text: table(
      ['', 'rows/s', 'share of the small'],
      [
        ...[narrow, wide].map((one) => line(rates, one, narrow)),
        ...[empty, full].map((one) => line(rates, one, empty)),
      ],
    ).concat(
      `\nThe first reading of a hospital after a start takes ${whole((meeting.total / count) * 1e3)} ms of CPU: its tables and devices are met. It is no part of the rates.`,
    ),
    aims: [
      { what: 'many hospitals, share of one', is: shareOf(rates, wide, narrow), atLeast: 0.8 },
      { what: 'many partitions and rows, share of few', is: shareOf(rates, full, empty), atLeast: 0.8 },
    ],
    faults,
    data: { ...Object.fromEntries(rates), firstReadingCpuMs: (meeting.total / count) * 1e3 },
  };
}

/** Some at a time. @param {readonly Fleet[]} hospitals */
async function meet(hospitals) {
  const left = [...hospitals];
  const meetSome = async () => {
    for (let hospital = left.pop(); hospital; hospital = left.pop()) await untilKnown(hospital);
  };
  await Promise.all(Array.from({ length: MET_AT_ONCE }, meetSome));
}

class Measure {
  /** @type {Map<string, number[]>} rows a second */
  rates = new Map();
  /** @type {string[]} */
  faults = [];
  #owner;
  #times;

  /**
   * @param {pg.Client} owner
   * @param {boolean} quick
   */
  constructor(owner, quick) {
    this.#owner = owner;
    this.#times = quick ? { warmUpSeconds: 0.5, seconds: 2 } : { warmUpSeconds: 2, seconds: 8 };
  }

  /** @param {Case} of */
  async run({ name, hospitals, senders }) {
    const counted = new StoredByIngest(this.#owner, hospitals);
    const { acceptedPerSecond, faults } = await verifiedLoad(counted, {
      ...this.#times,
      url: `${required('HMS_INGEST_URL')}/telemetry`,
      senders: Array.from({ length: CONNECTIONS }, (_, i) => senders.filter((__, n) => n % CONNECTIONS === i)),
      keyed: true,
      receipts: true,
    });
    this.rates.set(name, [...(this.rates.get(name) ?? []), acceptedPerSecond]);
    this.faults.push(...faults.map((fault) => `${name}: ${fault}`));
  }
}

/** What ingest has stored since the last reset. What the tables were filled with bears the number of no process. */
class StoredByIngest {
  #owner;
  #hospitals;
  #before = 0;

  /**
   * @param {pg.Client} owner
   * @param {readonly Fleet[]} hospitals
   */
  constructor(owner, hospitals) {
    this.#owner = owner;
    this.#hospitals = hospitals;
  }

  async reset() {
    this.#before = await this.#all();
  }

  async count() {
    return (await this.#all()) - this.#before;
  }

  async #all() {
    let all = 0;
    for (const { schema } of this.#hospitals) {
      const { rows } = await this.#owner.query(
        `select count(*)::int as rows from ${schema}.vitals where writer <> 0 and recorded_at > now() - interval '2 hours'`,
      );
      all += rows[0].rows;
    }
    return all;
  }
}

/** @param {readonly Fleet[]} hospitals */
function inBatches(hospitals) {
  /** @type {Sender[]} */
  const senders = [];
  for (let at = 0; hospitals.some(({ devices }) => devices.length > at); at += BATCH) {
    for (const { gatewayKey, devices } of hospitals) {
      const names = devices.slice(at, at + BATCH).map(({ name }) => name);
      if (names.length > 0) senders.push({ gatewayKey, devices: names });
    }
  }
  return senders;
}

/** A batch from few devices has several readings of each. @param {Fleet} hospital */
function repeated({ gatewayKey, devices }) {
  const each = 16;
  const perBatch = Math.floor(BATCH / CONNECTIONS);
  return Array.from({ length: CONNECTIONS }, (_, i) => ({
    gatewayKey,
    devices: devices.slice(i * perBatch, (i + 1) * perBatch).map(({ name }) => name),
    each,
  }));
}

/**
 * @param {Map<string, number[]>} rates
 * @param {Case} of
 * @param {Case} small
 */
function line(rates, of, small) {
  return [
    of.name,
    describeSpread(spread(rates.get(of.name) ?? [])),
    of === small ? '' : percent(shareOf(rates, of, small)),
  ];
}

/**
 * @param {Map<string, number[]>} rates
 * @param {Case} of
 * @param {Case} small
 */
function shareOf(rates, of, small) {
  return spread(rates.get(of.name) ?? []).median / spread(rates.get(small.name) ?? []).median;
}

/**
 * @param {(what: string) => void} progress
 * @param {string} what
 */
const everyFew = (progress, what) => (/** @type {number} */ done) => {
  if (done % 50 === 0) progress(`${done} ${what}`);
};
