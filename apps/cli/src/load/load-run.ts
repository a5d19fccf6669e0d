import { setTimeout as delay } from 'node:timers/promises';
import type { DemoHospital } from '../demo/demo-file.js';
import type { Answer } from '../telemetry/telemetry-client.js';
import { kneeSearch } from './knee-search.js';
import { Measurement } from './measurement.js';
import { type Clock, openLoop } from './open-loop.js';
import { type Format, ReadingSource } from './readings.js';
import { SenderPool } from './sender-pool.js';
import { type Step, stepOf } from './step.js';

export interface LoadOptions {
  readonly baseUrl: string;
  readonly hospitals: readonly DemoHospital[];
  readonly format: Format;
  /** Readings of a request. */
  readonly batch: number;
  /** A request that finds none free waits, and that counts. */
  readonly connections: number;
  readonly durationMs: number;
  /** What still counts as holding, milliseconds. */
  readonly sloP99Ms: number;
  /** Told of each rate when it begins. */
  readonly begins: (measurement: Measurement, rate: number) => void;
}

export interface Knee {
  /** The highest rate that held. */
  readonly knee: Step;
  readonly atHalf: Step;
  readonly atFourFifths: Step;
}

const realClock: Clock = {
  now: () => performance.now(),
  until: async (at, signal) => {
    // Timers take whole milliseconds, rounded down.
    await delay(Math.ceil(at - performance.now()), undefined, { signal }).catch(() => undefined);
  },
};

interface Gateway {
  readonly key: string;
  readonly source: ReadingSource;
}

/** Loads ingest through the gateways of some hospitals, which take turns. */
export class LoadRun {
  readonly #gateways: readonly Gateway[];
  readonly #pool: SenderPool;
  readonly #stop = new AbortController();
  #turn = 0;

  constructor(private readonly options: LoadOptions) {
    const { baseUrl, connections, hospitals } = options;
    this.#gateways = hospitals.map(({ gatewayKey, devices }) => ({
      key: gatewayKey,
      source: new ReadingSource(devices.map(({ id }) => id)),
    }));
    this.#pool = new SenderPool(new URL(baseUrl), connections);
  }

  /** Sends no more, and waits for what is on its way. */
  stop(): void {
    this.#stop.abort();
  }

  get stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  close(): void {
    this.#pool.close();
  }

  /** @param rate readings a second */
  async step(rate: number): Promise<Step> {
    const { batch, durationMs, begins } = this.options;
    const measurement = new Measurement();
    begins(measurement, rate);
    const loop = { rate: rate / batch, durationMs, batch, send: () => this.#send(), clock: realClock };
    const seconds = await openLoop(loop, measurement, this.#stop.signal);
    return stepOf(measurement, rate, seconds);
  }

  /** Undefined when there is none, or when it was stopped. @param tried told of every rate that was measured */
  async findKnee(start: number, tried: (step: Step, held: boolean) => void): Promise<Knee | undefined> {
    const held = new Map<number, Step>();
    const rates = kneeSearch(start);
    let next = rates.next();
    while (!next.done) {
      const step = await this.#best(next.value);
      if (this.stopped) return undefined;
      const holds = this.#holds(step);
      tried(step, holds);
      if (holds) held.set(next.value, step);
      next = rates.next(holds);
    }
    const knee = next.value === undefined ? undefined : held.get(next.value);
    if (!knee) return undefined;
    const atHalf = await this.step(knee.offered / 2);
    const atFourFifths = await this.step(knee.offered * 0.8);
    return this.stopped ? undefined : { knee, atHalf, atFourFifths };
  }

  /** A rate breaks when it breaks twice: a neighbour on the machine may have spoilt it once. */
  async #best(rate: number): Promise<Step> {
    const step = await this.step(rate);
    return this.#holds(step) || this.stopped ? step : this.step(rate);
  }

  #holds({ latency, acked, offered }: Step): boolean {
    return (latency.p99 ?? Infinity) <= this.options.sloP99Ms && acked >= 0.95 * offered;
  }

  #send(): Promise<Answer> {
    const gateway = this.#gateways[this.#turn];
    if (!gateway) throw new Error('there is nobody to send');
    this.#turn = (this.#turn + 1) % this.#gateways.length;
    const { format, batch } = this.options;
    return this.#pool.post(gateway.key, () => gateway.source.request(format, batch, Date.now()));
  }
}
