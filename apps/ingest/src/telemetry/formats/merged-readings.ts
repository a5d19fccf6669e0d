import { commonError, maxReadingsPerBatch, type RejectCode, type RejectedReading } from '@hms/contracts';
import { reject, type Reading, refusedOf, type StatedPatient } from '../reading.js';
import { Draft, type DraftDefaults, slot } from './draft.js';

/** Values of one entry, each checked: an entry is taken whole or not at all. */
export type EntryValues = readonly (readonly [slot: number, value: unknown])[];

export interface Wrong {
  readonly code: RejectCode;
  readonly field?: string | undefined;
}

export interface Entry {
  /** From 0; a reading has that of its first entry. */
  readonly index: number;
  readonly device: string | undefined;
  /** Milliseconds since 1970; undefined for when it arrived. */
  readonly at: number | undefined;
  readonly values: EntryValues;
  readonly patient?: StatedPatient | undefined;
}

/** Readings in formats that tell values one by one: entries of one device, time and patient are one reading. */
export class MergedReadings {
  readonly #drafts = new Map<string, Draft>();
  readonly #rejected: RejectedReading[] = [];
  #untimed = false;

  constructor(private readonly defaults: DraftDefaults) {}

  /** Whether a time is that of arrival. */
  get untimed(): boolean {
    return this.#untimed;
  }

  /**
   * @returns the index of the reading it is part of
   * @throws 413 for more than a batch may have, so that clients split it
   */
  add({ index, device, at, values, patient }: Entry): number {
    this.#untimed ||= at === undefined;
    const name = `${at ?? ''} ${device ?? ''} ${patient ? JSON.stringify(patient) : ''}`;
    const draft = this.#drafts.get(name) ?? new Draft(index, this.defaults, patient);
    this.#drafts.set(name, draft);
    draft.put(slot.device, device);
    draft.put(slot.time, at ?? this.defaults.receivedMs);
    for (const [to, value] of values) draft.put(to, value);
    this.#assertRoom();
    return draft.index;
  }

  /** @throws as {@link add} */
  refuse(index: number, { code, field }: Wrong, device?: string): void {
    this.#rejected.push(refusedOf(device, reject(index, code, field)));
    this.#assertRoom();
  }

  finish(): (Reading | RejectedReading)[] {
    return [...this.#rejected, ...[...this.#drafts.values()].map((draft) => draft.finish())];
  }

  #assertRoom(): void {
    if (this.#drafts.size + this.#rejected.length <= maxReadingsPerBatch) return;
    throw commonError('body.too-large', { detail: `A batch has at most ${maxReadingsPerBatch} readings.` });
  }
}
