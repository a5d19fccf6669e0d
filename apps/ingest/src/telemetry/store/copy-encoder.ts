import { acvpuLevels } from '@hms/contracts';
import { fields } from '../fields.js';
import { hasVitals, type ResolvedReading } from '../reading.js';

/** Columns of `vitals` and `vitals_unassigned`, in the order in which {@link encodeRows} writes them. */
export const copyColumns = [
  'patient_id',
  'device_no',
  'recorded_at',
  'flush_no',
  'writer',
  'flags',
  'clock_offset_ms',
  ...fields.map((sign) => sign.column),
];

/** Which process and transaction a row was stored by. */
export interface FlushMark {
  readonly writer: number;
  readonly flushNo: number;
}

const signature = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
/** PostgreSQL counts from 2000. */
const epoch2000 = 946_684_800_000_000;
const twoTo32 = 2 ** 32;
const acvpuBytes = acvpuLevels.map((level) => level.charCodeAt(0));
const kinds = fields.map((sign) => sign.kind);
/** Every column as long as it gets: 4 bytes of length each, and the value. */
const widestRow = 2 + copyColumns.length * 4 + 16 + 4 + 8 + 8 + 2 + 2 + 4 + fields.length * 4;

/** The rows in PostgreSQL's binary COPY format, but for those that are only of waveforms. */
export function encodeRows(rows: readonly ResolvedReading[], mark: FlushMark): Buffer {
  const buffer = Buffer.allocUnsafe(signature.length + rows.length * widestRow + 2);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  let at = signature.copy(buffer);
  for (const row of rows) if (hasVitals(row.reading)) at = encodeRow(view, at, row, mark);
  view.setInt16(at, -1);
  return buffer.subarray(0, at + 2);
}

function encodeRow(view: DataView, start: number, row: ResolvedReading, mark: FlushMark): number {
  const { reading, device, assignment } = row;
  view.setInt16(start, copyColumns.length);
  let at = start + 2;
  at = assignment ? putUuid(view, at, assignment.patientWords) : putNull(view, at);
  at = putInt4(view, at, device.no);
  at = putInt8(view, at, reading.recordedAt - epoch2000);
  at = putInt8(view, at, mark.flushNo);
  at = putInt2(view, at, mark.writer);
  at = putInt2(view, at, reading.flags);
  at = reading.clockOffsetMs === undefined ? putNull(view, at) : putInt4(view, at, reading.clockOffsetMs);
  const { values } = reading;
  for (let i = 0; i < kinds.length; i++) {
    const value = values[i] ?? NaN;
    at = Number.isNaN(value) ? putNull(view, at) : putValue(view, at, i, value);
  }
  return at;
}

function putValue(view: DataView, at: number, field: number, value: number): number {
  switch (kinds[field]) {
    case 'decimal':
      view.setInt32(at, 4);
      view.setFloat32(at + 4, value);
      return at + 8;
    case 'boolean':
      return putByte(view, at, value);
    case 'acvpu':
      return putByte(view, at, acvpuBytes[value] ?? 0);
    default:
      return putInt2(view, at, value);
  }
}

function putNull(view: DataView, at: number): number {
  view.setInt32(at, -1);
  return at + 4;
}

function putByte(view: DataView, at: number, value: number): number {
  view.setInt32(at, 1);
  view.setUint8(at + 4, value);
  return at + 5;
}

function putInt2(view: DataView, at: number, value: number): number {
  view.setInt32(at, 2);
  view.setInt16(at + 4, value);
  return at + 6;
}

function putInt4(view: DataView, at: number, value: number): number {
  view.setInt32(at, 4);
  view.setInt32(at + 4, value);
  return at + 8;
}

/** Any integer a double holds exactly; two halves instead of a BigInt per row. */
function putInt8(view: DataView, at: number, value: number): number {
  view.setInt32(at, 8);
  const high = Math.floor(value / twoTo32);
  view.setInt32(at + 4, high);
  view.setUint32(at + 8, value - high * twoTo32);
  return at + 12;
}

function putUuid(view: DataView, at: number, words: readonly number[]): number {
  view.setInt32(at, 16);
  let to = at + 4;
  for (const word of words) {
    view.setInt32(to, word);
    to += 4;
  }
  return to;
}
