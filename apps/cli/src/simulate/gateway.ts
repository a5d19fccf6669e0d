import { uuidv7 } from 'uuidv7';
import { encodeBatch } from './batch.js';
import { type FaultInjector, type Outgoing } from './faults.js';
import { type SimulatedPatient } from './physiology.js';
import { dueBetween, type Due, type Schedule } from './schedule.js';
import { type Sender } from './sender.js';
import { type Tally } from './tally.js';

/** How often a gateway looks for reports that are due. */
export const tickMs = 200;
const maxBatch = 500;
const maxInFlight = 4;

export interface Bedside {
  /** The name the gateway sends. */
  readonly device: string;
  readonly patient: SimulatedPatient;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves at that time, or at once when the signal fires. */
  until(at: number, signal: AbortSignal): Promise<void>;
}

export interface GatewayParts {
  readonly bedsides: readonly Bedside[];
  readonly schedule: Schedule;
  readonly faults: FaultInjector;
  readonly skewMs: number;
  readonly sender: Pick<Sender, 'deliver'>;
  readonly tally: Tally;
  readonly clock: Clock;
  /** Readings that may still be taken; shared by all gateways. */
  readonly budget: { left: number };
  /** Fires when delivery is given up; see `Sender`. */
  readonly giveUp: AbortSignal;
}

/**
 * One hospital's gateway: collects what its monitors report and sends it on. When the receiver is slow, reports wait and
 * are sent later with the times they were due at; none is skipped.
 */
export class Gateway {
  readonly #inFlight = new Map<Promise<void>, number>();
  #from: number;

  constructor(private readonly parts: GatewayParts) {
    this.#from = parts.schedule.startedAt;
  }

  /** How long the oldest report that is not acknowledged has been due, milliseconds. */
  behind(now: number): number {
    return Math.max(0, now - Math.min(this.#from + tickMs, ...this.#inFlight.values()));
  }

  /** Runs until `stop` fires or the budget is spent, then until all that was due is delivered. */
  async run(stop: AbortSignal): Promise<void> {
    const { schedule, clock, budget, giveUp, tally, faults } = this.parts;
    const window = Math.max(tickMs, (maxBatch * schedule.intervalMs) / schedule.deviceCount);
    let end = Infinity;
    stop.addEventListener('abort', () => (end = clock.now()), { once: true });
    while (this.#from < end && budget.left > 0) {
      await clock.until(this.#from + tickMs, stop);
      const to = Math.min(clock.now(), this.#from + window, end);
      const due = dueBetween(schedule, this.#from, to).slice(0, budget.left);
      budget.left -= due.length;
      if (giveUp.aborted) tally.abandoned += due.length;
      else await this.#send(faults.apply(this.#read(due), to), to);
      this.#from = to;
    }
    await this.#send(faults.drain(), clock.now());
    await Promise.all(this.#inFlight.keys());
  }

  #read(due: readonly Due[]): Outgoing[] {
    return due.flatMap(({ device, at }) => {
      const bedside = this.parts.bedsides[device];
      return bedside ? [{ device: bedside.device, at, reading: bedside.patient.read(at), malformed: false }] : [];
    });
  }

  async #send(readings: readonly Outgoing[], dueAt: number): Promise<void> {
    const { skewMs, clock, sender, tally } = this.parts;
    tally.sent += readings.length;
    for (let i = 0; i < readings.length; i += maxBatch) {
      while (this.#inFlight.size >= maxInFlight) await Promise.race(this.#inFlight.keys());
      const batch = encodeBatch(readings.slice(i, i + maxBatch), {
        key: uuidv7(),
        sentAt: clock.now() + skewMs,
        skewMs,
      });
      const delivery = sender.deliver(batch).finally(() => this.#inFlight.delete(delivery));
      this.#inFlight.set(delivery, dueAt);
    }
  }
}
