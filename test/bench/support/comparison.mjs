import { messageOf } from '../../../deploy/local/lib/failure.mjs';
import { CpuSplit } from './cpu-split.mjs';
import { spread } from './statistics.mjs';

/** @import { Load, Way } from '../peers/ways.mjs' */

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
  /** Rows acknowledged by ingest while {@link cpu} was counted. */
  acked = 0;
  cpu = new CpuSplit({ generator: [process.pid] });
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
    const { accepted, acceptedPerSecond, acceptedInAll, latency, faults } =
      key === 'direct' ? await this.cpu.during(load) : await load();
    if (key === 'direct') this.acked += acceptedInAll;
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
