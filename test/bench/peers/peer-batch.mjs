import { createHash } from 'node:crypto';

/** @import { Caller, Place } from './peer-directory.mjs' */

const AGE_MS = 7 * 86_400_000;
const AHEAD_MS = 30_000;

/** Columns of `vitals` by their keys, and the values they accept. @type {Readonly<Record<string, [string, number, number]>>} */
const SIGNS = {
  hr: ['heart_rate', 0, 350],
  rr: ['resp_rate', 0, 120],
  spo2: ['spo2', 0, 100],
  sys: ['systolic', 20, 320],
  dia: ['diastolic', 10, 220],
  temp: ['temperature', 20, 46],
};
const KEYS = Object.keys(SIGNS);

/** Columns in the order of {@link PeerRow}. */
export const PEER_COLUMNS = [
  'patient_id',
  'device_no',
  'recorded_at',
  ...KEYS.map((key) => SIGNS[key]?.[0] ?? ''),
  'flush_no',
  'writer',
];

/**
 * @typedef {[patientId: string, deviceNo: number, recordedAt: string, ...(number | null)[]]} PeerRow
 *
 * @typedef {object} PeerBatch
 * @property {Caller} caller
 * @property {string} key
 * @property {string} day
 * @property {string} bodyHash as PostgreSQL's bigint
 * @property {PeerRow[]} rows
 * @property {number} rejected
 */

/**
 * Reads `cols` with `rows`, checking what ingest checks of them: known columns, ranges, times, devices and who wore them.
 * @param {Caller} caller
 * @param {string} body
 * @returns {PeerBatch}
 */
export function readBatch(caller, body) {
  /** @type {{ batch: string, cols: string[], rows: unknown[][] }} */
  const { batch, cols, rows: given } = JSON.parse(body);
  const slots = cols.map((col) => (col === 'd' ? -1 : col === 't' ? -2 : KEYS.indexOf(col)));
  const now = Date.now();
  /** @type {PeerRow[]} */
  const rows = [];
  for (const cells of given) {
    const row = readRow(slots, cells, { caller, now });
    if (row) rows.push(row);
  }
  return {
    caller,
    key: batch,
    day: new Date(Number.parseInt(batch.replaceAll('-', '').slice(0, 12), 16)).toISOString().slice(0, 10),
    bodyHash: String(createHash('sha256').update(body).digest().readBigInt64BE(0)),
    rows,
    rejected: given.length - rows.length,
  };
}

/**
 * @param {readonly number[]} slots
 * @param {readonly unknown[]} cells
 * @param {{ caller: Caller, now: number }} context
 * @returns {PeerRow | undefined}
 */
function readRow(slots, cells, { caller, now }) {
  /** @type {Place | undefined} */
  let place;
  let at = NaN;
  /** @type {(number | null)[]} */
  const values = KEYS.map(() => null);
  for (const [i, slot] of slots.entries()) {
    const cell = cells[i];
    if (slot === -1) place = caller.places.get(String(cell));
    else if (slot === -2) at = Number(cell);
    else if (cell !== null) {
      const [, low = 0, high = 0] = SIGNS[KEYS[slot] ?? ''] ?? [];
      if (typeof cell !== 'number' || cell < low || cell > high) return undefined;
      values[slot] = cell;
    }
  }
  if (!place || !(at >= now - AGE_MS && at <= now + AHEAD_MS)) return undefined;
  if (at < place.from || at >= place.until) return undefined;
  return [place.patientId, place.deviceNo, new Date(at).toISOString(), ...values, 0, 0];
}
