import { messageOf } from '../../../deploy/local/lib/failure.mjs';
import { CpuSplit } from './cpu-split.mjs';
import { spread } from './statistics.mjs';

/** @import { Load, Way } from '../peers/ways.mjs' */

/** Ingest, and the floor under it: what the same rows cost when they are only stored. */
const COUNTED = /** @type {const} */ (['direct', 'raw']);

/** Runs of several ways to hand over the same readings, and what they took. */
export class Comparison {
  /** Rows a second, by way. @type {Record<string, number[]>} */
  rates = {};
  /** In milliseconds, by way. @type {Record<string, { p50: number, p99: number }[]>} */
  latencies = {};
  /** What went wrong that is ours. @type {string[]} */
  faults = [];
  /** What went wrong with guests, which fails nothing. @type {string[]} */
  remarks = [];
  /** Rows stored by the ways whose CPU time is counted, and that time. */
  counted = new Map(COUNTED.map((key) => [String(key), { rows: 0, cpu: new CpuSplit({ generator: [process.pid] }) }]));
  #ways;
  #load;
  /** As many as the first run took in, for those that are not loaded for a time. */
  #rows = 0;

  /**
   * @param {ReadonlyMap<string, Way>} ways
   * @param {Load} load
   */
  constructor(ways, load) {
    this.#ways = new Map(ways);
    this.#load = load;
  }

  /** Those that are still part of it. @returns {ReadonlyMap<string, Way>} */
  get ways() {
    return this.#ways;
  }

  /** Rows acknowledged by ingest. */
  get acked() {
    return this.counted.get('direct')?.rows ?? 0;
  }

  /**
   * CPU seconds per million rows, by part of the stack.
   * @param {typeof COUNTED[number]} key
   * @returns {Record<string, number>}
   */
  cpuOf = (key) => {
    const counted = this.counted.get(key);
    return counted && counted.rows > 0 ? counted.cpu.perMillion(counted.rows) : {};
  };

  /** @param {string} key */
  medianOf = (key) => spread(this.rates[key] ?? []).median;

  /**
   * A guest that fails is left out from then on.
   * @param {string} key
   */
  async run(key) {
    const way = this.#ways.get(key);
    if (!way) return;
    try {
      await this.#measure(key, way);
    } catch (error) {
      if (!way.meaning) throw error;
      this.#ways.delete(key);
      way.stop?.();
      this.remarks.push(leftOut(way.name, error));
    }
  }

  stop() {
    for (const { stop } of this.#ways.values()) stop?.();
  }

  /**
   * @param {string} key
   * @param {Way} way
   */
  async #measure(key, { meaning, name, run }) {
    const load = () => run(this.#load, this.#rows);
    const counted = this.counted.get(key);
    const { accepted, acceptedPerSecond, acceptedInAll, latency, faults } = counted
      ? await counted.cpu.during(load)
      : await load();
    if (counted) counted.rows += acceptedInAll;
    this.#rows ||= accepted;
    (this.rates[key] ??= []).push(acceptedPerSecond);
    if (latency) (this.latencies[key] ??= []).push(latency);
    (meaning ? this.remarks : this.faults).push(...faults.map((fault) => `${name}: ${fault}`));
  }
}

/**
 * @param {string} name
 * @param {unknown} reason
 */
export const leftOut = (name, reason) => `${name} is left out: ${messageOf(reason).split('\n', 1).join('')}`;
