import { InvalidArgumentError } from 'commander';
import { type Reading } from './physiology.js';
import { type Random } from './random.js';

/** What goes wrong on the way, so that a receiver can be tested. All shares are probabilities per reading. */
export interface Faults {
  /** A reading is sent again, in a later batch. */
  readonly duplicates: number;
  /** A reading is held back for one to ten minutes, then sent with its own time. */
  readonly late: number;
  /** A device falls silent for 10 to 60 s; nothing is lost, nothing was measured. */
  readonly gap: number;
  /** A reading carries a value no device can measure. */
  readonly malformed: number;
  /** How far the gateway's clock is ahead, in seconds; negative for behind. It says so in `sent_at`. */
  readonly skew: number;
}

export const noFaults: Faults = { duplicates: 0, late: 0, gap: 0, malformed: 0, skew: 0 };

/**
 * Parses `duplicates=0.02,late=0.01,skew=5`.
 * @throws InvalidArgumentError that names the part it does not understand
 */
export function parseFaults(text: string): Faults {
  const given = text.split(',').map((part): [string, number] => {
    const [name = '', value = ''] = part.trim().split('=');
    const number = value === '' ? NaN : Number(value);
    if (!(name in noFaults))
      throw new InvalidArgumentError(`no fault is called "${name}"; there are ${Object.keys(noFaults).join(', ')}`);
    const fits = name === 'skew' ? Number.isFinite(number) : number >= 0 && number <= 1;
    if (!fits)
      throw new InvalidArgumentError(`${name} needs ${name === 'skew' ? 'seconds' : 'a probability from 0 to 1'}`);
    return [name, number];
  });
  return { ...noFaults, ...Object.fromEntries(given) };
}

/** One reading on its way into a batch. */
export interface Outgoing {
  readonly device: string;
  /** Milliseconds since the epoch, by a right clock. */
  readonly at: number;
  readonly reading: Reading;
  /** Made wrong on purpose: the receiver is right to refuse it. */
  readonly malformed: boolean;
}

interface Held {
  readonly until: number;
  readonly outgoing: Outgoing;
}

/** Applies {@link Faults} to a stream of readings. */
export class FaultInjector {
  readonly #silentUntil = new Map<string, number>();
  #held: Held[] = [];

  constructor(
    private readonly faults: Faults,
    private readonly random: Random,
  ) {}

  /** Returns what is sent at `now`: most of `readings`, and what was held back until now. */
  apply(readings: readonly Outgoing[], now: number): Outgoing[] {
    const sent = this.#release(now);
    for (const reading of readings) {
      if (this.#isSilent(reading.device, now)) continue;
      const outgoing = this.random.chance(this.faults.malformed) ? spoil(reading) : reading;
      const late = this.random.chance(this.faults.late);
      if (late) this.#hold(outgoing, now + this.random.between(60_000, 600_000));
      else sent.push(outgoing);
      if (!late && this.random.chance(this.faults.duplicates)) this.#hold(outgoing, now + 1);
    }
    return sent;
  }

  /** Everything still held back; to be sent before the end. */
  drain(): Outgoing[] {
    return this.#release(Infinity);
  }

  #hold(outgoing: Outgoing, until: number): void {
    this.#held.push({ until, outgoing });
  }

  #release(now: number): Outgoing[] {
    if (this.#held.length === 0) return [];
    const due = this.#held.filter((held) => held.until <= now);
    this.#held = this.#held.filter((held) => held.until > now);
    return due.map((held) => held.outgoing);
  }

  #isSilent(device: string, now: number): boolean {
    if (this.random.chance(this.faults.gap)) this.#silentUntil.set(device, now + this.random.between(10_000, 60_000));
    return (this.#silentUntil.get(device) ?? 0) > now;
  }
}

const spoil = (outgoing: Outgoing): Outgoing => ({
  ...outgoing,
  reading: { ...outgoing.reading, spo2: 250 },
  malformed: true,
});
