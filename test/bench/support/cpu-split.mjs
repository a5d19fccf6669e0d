import { cpuSeconds } from './cpu.mjs';
import { servicePids } from './stack.mjs';

/** Adds up what each part of the stack spends while it runs. */
export class CpuSplit {
  /** @type {Map<string, readonly number[]>} */
  #pids;
  /** @type {Map<string, number>} */
  #spent = new Map();

  /** @param {Record<string, readonly number[]>} more processes beside the stack's services, by name */
  constructor(more) {
    this.#pids = new Map([...servicePids(), ...Object.entries(more)]);
  }

  /**
   * Counts what is spent while `work` runs.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async during(work) {
    const before = this.#read();
    const result = await work();
    for (const [name, seconds] of this.#read()) {
      this.#spent.set(name, (this.#spent.get(name) ?? 0) + seconds - (before.get(name) ?? 0));
    }
    return result;
  }

  /** CPU seconds spent by all of them. */
  get total() {
    return [...this.#spent.values()].reduce((sum, seconds) => sum + seconds, 0);
  }

  /**
   * @param {number} units how many were done meanwhile
   * @returns {Record<string, number>} CPU seconds per million units, by part; parts that did nothing are left out
   */
  perMillion(units) {
    const entries = [...this.#spent].map(([name, seconds]) => /** @type {const} */ ([name, (seconds / units) * 1e6]));
    return Object.fromEntries(entries.filter(([, seconds]) => seconds >= 0.005));
  }

  #read() {
    return new Map([...this.#pids].map(([name, pids]) => /** @type {const} */ ([name, cpuSeconds(pids)])));
  }
}
