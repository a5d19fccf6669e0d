import { type Outgoing } from './faults.js';
import { type WireKey } from './physiology.js';

/** A request body for `POST /telemetry` and what the sender must remember about it. */
export interface Batch {
  /** UUIDv7: the same batch is stored once, however often it is sent. */
  readonly key: string;
  readonly body: string;
  readonly size: number;
  /** Indexes of readings the receiver is right to refuse. */
  readonly malformed: ReadonlySet<number>;
  /** Time of the oldest reading, milliseconds since the epoch. */
  readonly oldest: number;
}

const columns = [
  'hr',
  'pr',
  'rr',
  'spo2',
  'sys',
  'dia',
  'map',
  'temp',
  'o2',
  'fio2',
  'acvpu',
] as const satisfies WireKey[];

export interface BatchOptions {
  readonly key: string;
  /** By the gateway's clock, milliseconds since the epoch. */
  readonly sentAt: number;
  /** What the gateway's clock adds to the right time. */
  readonly skewMs: number;
}

/** Encodes readings in the form of columns and rows; null means not measured. */
export function encodeBatch(readings: readonly Outgoing[], { key, sentAt, skewMs }: BatchOptions): Batch {
  const rows = readings.map(({ device, at, reading }) => [
    device,
    at + skewMs,
    ...columns.map((column) => reading[column] ?? null),
  ]);
  return {
    key,
    body: JSON.stringify({ batch: key, sent_at: sentAt, cols: ['d', 't', ...columns], rows }),
    size: readings.length,
    malformed: new Set(readings.flatMap((reading, i) => (reading.malformed ? [i] : []))),
    oldest: Math.min(...readings.map((reading) => reading.at)),
  };
}
