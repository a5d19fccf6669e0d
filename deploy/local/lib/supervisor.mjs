import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { describeEnd, killGroup, spawnLogged } from './child.mjs';
import { Failure, messageOf } from './failure.mjs';
import { limitLog } from './logs.mjs';
import { until } from './probe.mjs';

/** @import { Command } from './child.mjs' */

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 15_000;
/** A service that has worked this long is no crash loop: after its next crash it starts again with the first pause. */
const HEALTHY_MS = 2_000;

/**
 * @typedef {object} Service
 * @property {string} name
 * @property {number} tier stopped from the highest tier down
 * @property {number | null} port
 * @property {Command} command
 * @property {() => Promise<unknown>} ready rejects or answers falsely until the service works
 * @property {number} [readyMs] how long it may take to be ready
 * @property {readonly NodeJS.Signals[]} stopSignals tried in this order, then SIGKILL
 * @property {number} [graceMs] between two of them
 */

/** @typedef {'starting' | 'ready' | 'restarting' | 'stopping' | 'stopped'} ServiceState */

/**
 * @typedef {object} ServiceStatus
 * @property {string} name
 * @property {ServiceState} state
 * @property {number | null} port
 * @property {number | null} pid
 * @property {number} restarts after crashes
 * @property {string} since when the present process was started, RFC 3339
 */

/**
 * @typedef {object} Entry
 * @property {Service} service
 * @property {ServiceStatus} status
 * @property {boolean} wanted false once it is to stop
 * @property {ReturnType<typeof spawnLogged> | null} child
 * @property {Promise<void>} life settles when the process has ended and is not started again
 */

/** Keeps services running: starts them in order, restarts what crashes, stops them in reverse order. */
export class Supervisor {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  #stop = new AbortController();
  #logDir;
  #tell;
  #changed;
  #healthyMs;

  /**
   * @param {string} logDir
   * @param {{ tell: (line: string) => void, changed: (services: ServiceStatus[]) => void }} listeners
   * @param {{ healthyMs?: number }} [options]
   */
  constructor(logDir, { tell, changed }, { healthyMs = HEALTHY_MS } = {}) {
    this.#logDir = logDir;
    this.#healthyMs = healthyMs;
    this.#tell = tell;
    this.#changed = changed;
  }

  /** @returns {ServiceStatus[]} */
  get services() {
    return [...this.#entries.values()].map(({ status }) => ({ ...status }));
  }

  get stopping() {
    return this.#stop.signal.aborted;
  }

  /** @param {string} name */
  logFile(name) {
    return join(this.#logDir, `${name}.log`);
  }

  /**
   * Starts a service and waits until it works.
   * @param {Service} service
   * @throws {Failure} when it ends or is not ready in time
   */
  async start(service) {
    this.#stop.signal.throwIfAborted();
    limitLog(this.logFile(service.name), 0);
    const entry = this.#enter(service);
    const failed = await this.#untilReady(entry);
    if (failed) {
      await this.#end(entry);
      this.#stop.signal.throwIfAborted();
      throw new Failure(`${service.name} did not start: ${failed}.`, { logFile: this.logFile(service.name) });
    }
    this.#mark(entry, 'ready');
    entry.life = this.#keep(entry);
  }

  /**
   * Ends the process as a crash would. It is started again, as after any crash.
   * @param {string} name
   * @param {NodeJS.Signals} signal
   */
  kill(name, signal) {
    this.#require(name).child?.kill(signal);
  }

  /**
   * Stops a service in good order and leaves it stopped until `resume`.
   * @param {string} name
   */
  async stop(name) {
    await this.#end(this.#require(name));
  }

  /**
   * Starts a service again that `stop` has stopped.
   * @param {string} name
   */
  async resume(name) {
    const entry = this.#require(name);
    if (!entry.wanted) await this.start(entry.service);
  }

  /** Stops everything, the edge first and the stores last. */
  async stopAll() {
    this.#stop.abort(new Error('stopping'));
    const tiers = new Set([...this.#entries.values()].map(({ service }) => service.tier));
    for (const tier of [...tiers].sort((a, b) => b - a)) {
      const same = [...this.#entries.values()].filter(({ service }) => service.tier === tier);
      await Promise.all(same.map((entry) => this.#end(entry)));
    }
  }

  /** For a person who will not wait: ends every process now. */
  killAll() {
    for (const entry of this.#entries.values()) {
      entry.wanted = false;
      entry.child?.kill('SIGKILL');
    }
  }

  /**
   * @param {Service} service
   * @returns {Entry}
   */
  #enter(service) {
    const { name, port } = service;
    const restarts = this.#entries.get(name)?.status.restarts ?? 0;
    /** @type {Entry} */
    const entry = {
      service,
      status: { name, state: 'starting', port, pid: null, restarts, since: '' },
      wanted: true,
      child: null,
      life: Promise.resolve(),
    };
    this.#entries.set(name, entry);
    return entry;
  }

  /**
   * Spawns the process and waits until it is ready or has failed.
   * @param {Entry} entry
   * @returns {Promise<string>} why it failed; empty when it is ready
   */
  async #untilReady(entry) {
    const { service } = entry;
    const child = spawnLogged(service.command, this.logFile(service.name));
    entry.child = child;
    entry.status.pid = child.pid ?? null;
    entry.status.since = new Date().toISOString();
    this.#changed(this.services);
    const ended = new AbortController();
    void child.then((result) => {
      killGroup(child.pid);
      ended.abort(new Error(describeEnd(result)));
    });
    try {
      const signal = AbortSignal.any([this.#stop.signal, ended.signal]);
      await until(service.ready, { ms: service.readyMs ?? 30_000, signal });
      return '';
    } catch (error) {
      return ended.signal.aborted ? messageOf(ended.signal.reason) : messageOf(error);
    }
  }

  /**
   * Waits for the process to end and starts it again, until it is no longer wanted.
   * @param {Entry} entry
   */
  async #keep(entry) {
    let pause = FIRST_PAUSE_MS;
    let readyAt = performance.now();
    while (entry.child) {
      const result = await entry.child;
      if (!entry.wanted) return;
      if (performance.now() - readyAt > this.#healthyMs) pause = FIRST_PAUSE_MS;
      this.#tell(`${entry.service.name} ${describeEnd(result)}; starting it again in ${pause} ms`);
      this.#mark(entry, 'restarting');
      await delay(pause, undefined, { signal: this.#stop.signal }).catch(() => {});
      if (!entry.wanted || this.stopping) return;
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      readyAt = (await this.#again(entry)) ? performance.now() : Infinity;
    }
  }

  /**
   * @param {Entry} entry
   * @returns {Promise<boolean>} whether it works again
   */
  async #again(entry) {
    const began = performance.now();
    entry.status.restarts += 1;
    const failed = await this.#untilReady(entry);
    if (!entry.wanted) return false;
    if (failed) {
      this.#tell(`${entry.service.name} is not back: ${failed} (see ${this.logFile(entry.service.name)})`);
      entry.child?.kill('SIGKILL');
      return false;
    }
    this.#mark(entry, 'ready');
    this.#tell(`${entry.service.name} is back after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    return true;
  }

  /** @param {Entry} entry */
  async #end(entry) {
    entry.wanted = false;
    const { child, service } = entry;
    if (child && child.exitCode === null && child.signalCode === null) {
      this.#mark(entry, 'stopping');
      if (!(await endsOn(child, service.stopSignals, service.graceMs ?? 5000))) {
        this.#tell(`${service.name} did not stop when asked; it was killed`);
      }
    }
    await entry.life;
    entry.status.pid = null;
    this.#mark(entry, 'stopped');
  }

  /**
   * @param {Entry} entry
   * @param {ServiceState} state
   */
  #mark(entry, state) {
    entry.status.state = state;
    this.#changed(this.services);
  }

  /** @param {string} name */
  #require(name) {
    const entry = this.#entries.get(name);
    if (!entry) throw new Failure(`There is no service ${name}.`);
    return entry;
  }
}

/**
 * Sends one signal after the other until the process ends, at last SIGKILL.
 * @param {ReturnType<typeof spawnLogged>} child
 * @param {readonly NodeJS.Signals[]} signals
 * @param {number} graceMs for each of them
 * @returns {Promise<boolean>} whether it ended before SIGKILL
 */
async function endsOn(child, signals, graceMs) {
  for (const signal of signals) {
    child.kill(signal);
    const over = new AbortController();
    const late = delay(graceMs, false, { signal: over.signal }).catch(() => true);
    const ended = await Promise.race([late, child.then(() => true)]);
    over.abort();
    if (ended) return true;
  }
  child.kill('SIGKILL');
  await child;
  return false;
}
