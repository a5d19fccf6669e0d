import { maxRejectedListed, type RejectedReading, type TelemetryReceipt } from '@hms/contracts';
import { type Breach, findBreaches } from '../alarms/breaches.js';
import type { DeviceMap } from '../devices/device-map.js';
import type { Hospital } from '../hospitals/hospital.js';
import { reject, type Reading, refusedOf, type ResolvedReading } from './reading.js';
import { resolveReading } from './resolve.js';
import { bytesOf } from './waveform.js';

/** What the ledger remembers a batch by. */
export interface BatchIdentity {
  /** UTC date, taken from the batch itself, so that the same batch always meets the same ledger partition. */
  readonly day: string;
  readonly key: string;
  /** Whether the client chose the key; it is echoed only then. */
  readonly stated: boolean;
  /** First eight bytes of the digest, as PostgreSQL's bigint. */
  readonly bodyHash: bigint;
}

/** What of a batch is to be stored, and for whom. */
export interface BatchContent {
  readonly hospital: Hospital;
  readonly gatewayId: string;
  readonly identity: BatchIdentity | undefined;
  /** Microseconds since 1970: readings recorded before this came late. */
  readonly lateBefore: number;
  readonly readings: readonly Reading[];
  /** Refused before: the rest of the batch. */
  readonly rejected: readonly RejectedReading[];
  /** All of it is stored, or nothing. */
  readonly whole?: boolean;
  /** Nobody tells the sender what is refused. */
  readonly unheard?: boolean;
}

export interface Refused {
  readonly reading: Reading;
  readonly refusal: RejectedReading;
}

/** How a request ended. */
export interface Answer {
  readonly receipt: TelemetryReceipt;
  /** The batch had been answered before. */
  readonly replayed: boolean;
}

/** A row of vitals is at most as many bytes. */
const bytesPerRow = 160;

function waveformWeightOf(readings: readonly Reading[]): number {
  let bytes = 0;
  for (const { waveforms } of readings) for (const waveform of waveforms ?? []) bytes += bytesOf(waveform);
  return Math.ceil(bytes / bytesPerRow);
}

const none: ReadonlySet<ResolvedReading> = new Set();

/**
 * The readings of one request on their way into the database, where they are stored together or not at all. Whatever is
 * refused while it waits is left out, or everything is when it is to be stored as a whole.
 */
export class Submission {
  readonly answered: Promise<Answer>;
  #devices: DeviceMap | undefined;
  #readings: readonly Reading[];
  readonly #waveformWeight: number;
  #rows: readonly ResolvedReading[] = [];
  #breaches: readonly Breach[] = [];
  #notStorable: readonly RejectedReading[] = [];
  #notResolved: readonly Refused[] = [];
  #answer!: (answer: Answer) => void;
  #fail!: (reason: unknown) => void;

  constructor(
    readonly content: BatchContent,
    devices: DeviceMap,
    readonly submittedAt: number,
  ) {
    this.answered = new Promise((resolve, reject) => {
      this.#answer = resolve;
      this.#fail = reject;
    });
    this.#readings = content.readings;
    this.#waveformWeight = waveformWeightOf(content.readings);
    this.resolveWith(devices);
  }

  /** Whether each reading's device was found to be the gateway's own. */
  get resolved(): boolean {
    return this.#notResolved.length === 0;
  }

  /** How much it is to store, in rows of readings. */
  get weight(): number {
    return this.#rows.length + this.#waveformWeight;
  }

  get rows(): readonly ResolvedReading[] {
    return this.#rows;
  }

  /** What of the rows is beyond a limit. */
  get breaches(): readonly Breach[] {
    return this.#breaches;
  }

  /** Finds the patients; again when the assignments are not those they were found with. */
  resolveWith(devices: DeviceMap): void {
    if (devices === this.#devices) return;
    const rows: ResolvedReading[] = [];
    const rejected: Refused[] = [];
    const breaches: Breach[] = [];
    for (const reading of this.#readings) {
      const result = resolveReading(reading, devices, this.content.gatewayId);
      if ('code' in result) {
        rejected.push({ reading, refusal: refusedOf(reading.device, result) });
      } else {
        rows.push(result);
        findBreaches(result, this.content.lateBefore, breaches);
      }
    }
    this.#devices = devices;
    this.#notResolved = rejected;
    this.#take(rows, breaches);
  }

  #take(rows: readonly ResolvedReading[], breaches: readonly Breach[]): void {
    const { whole = false, rejected } = this.content;
    const isRefused = whole && rejected.length + this.#notResolved.length + this.#notStorable.length > 0;
    this.#rows = isRefused ? [] : rows;
    this.#breaches = isRefused ? [] : breaches;
  }

  /** Takes out what the database does not accept. */
  refuse(rows: ReadonlySet<ResolvedReading>): void {
    const refused = this.#rows.filter((row) => rows.has(row)).map(({ reading }) => reading);
    this.#readings = this.#readings.filter((reading) => !refused.includes(reading));
    this.#notStorable = [
      ...this.#notStorable,
      ...refused.map(({ index, device }) => refusedOf(device, reject(index, 'not_storable'))),
    ];
    this.#take(
      this.#rows.filter((row) => !rows.has(row)),
      this.#breaches.filter(({ row }) => !rows.has(row)),
    );
  }

  /** All that is refused, in the order of the batch. */
  get refusals(): readonly RejectedReading[] {
    const { rejected } = this.content;
    if (rejected.length + this.#notResolved.length + this.#notStorable.length === 0) return rejected;
    const notResolved = this.#notResolved.map(({ refusal }) => refusal);
    return [...rejected, ...notResolved, ...this.#notStorable].sort((a, b) => a.i - b.i);
  }

  /** What was read and is not stored, because of its device or its patient. */
  get notResolved(): readonly Refused[] {
    return this.#notResolved;
  }

  receipt(duplicates: ReadonlySet<ResolvedReading> = none): TelemetryReceipt {
    const { identity } = this.content;
    const stored = duplicates.size === 0 ? this.#rows : this.#rows.filter((row) => !duplicates.has(row));
    const refused = this.refusals;
    return {
      ...(identity?.stated ? { batch: identity.key } : {}),
      accepted: stored.length,
      duplicates: this.#rows.length - stored.length,
      unassigned: stored.reduce((count, row) => (row.assignment ? count : count + 1), 0),
      rejected: refused.slice(0, maxRejectedListed),
      rejectedTotal: refused.length,
    };
  }

  /** To be called once its rows are committed. */
  answerStored(duplicates?: ReadonlySet<ResolvedReading>): void {
    this.#answer({ receipt: this.receipt(duplicates), replayed: false });
  }

  answerAsBefore(receipt: TelemetryReceipt): void {
    this.#answer({ receipt, replayed: true });
  }

  fail(reason: unknown): void {
    this.#fail(reason);
  }
}
