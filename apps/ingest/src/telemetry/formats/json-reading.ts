import type { RejectedReading } from '@hms/contracts';
import { reject, type Reading } from '../reading.js';
import { Draft, type DraftDefaults, slotOf } from './draft.js';
import { isObject } from './json-object.js';

const printable = /^[\w.-]{1,40}$/;

/** Names go back to the client and into the ledger; what is no name stays out. */
export const nameable = (name: string): string | undefined => (printable.test(name) ? name : undefined);

/** Reads one reading whose members are named as in the table of `docs/telemetry.md`. */
export function readObject(index: number, reading: unknown, defaults: DraftDefaults): Reading | RejectedReading {
  if (!isObject(reading)) return reject(index, 'malformed');
  const draft = new Draft(index, defaults);
  for (const name in reading) {
    const slot = slotOf(name);
    const wrong = slot === undefined ? 'unknown_field' : draft.put(slot, reading[name]);
    if (wrong) return draft.refuse(wrong, nameable(name));
  }
  return draft.finish();
}
