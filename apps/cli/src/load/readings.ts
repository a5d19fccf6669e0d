import { uuidv7 } from 'uuidv7';
import type { TelemetryRequest } from '../telemetry/telemetry-client.js';

export const formats = ['json', 'rows', 'ndjson', 'lp'] as const;
export type Format = (typeof formats)[number];

/** A device and the time of one of its readings, microseconds since 1970. */
interface Stamp {
  readonly device: string;
  readonly micros: number;
}

/** What everybody measures: values at which no alarm goes off. */
const values = { hr: 72, rr: 14, spo2: 97, sys: 118, dia: 76, temp: 36.8 } as const;
const keys = Object.keys(values);
const jsonValues = JSON.stringify(values).slice(1, -1);
const rowValues = Object.values(values).join(',');
const columns = JSON.stringify(['d', 't', ...keys]);
const lineValues = Object.entries(values)
  .map(([key, value]) => `${key}=${String(value)}${Number.isInteger(value) ? 'i' : ''}`)
  .join(',');

const millis = (micros: number): string =>
  `${String(Math.floor(micros / 1_000))}.${String(micros % 1_000).padStart(3, '0')}`;
const object = ({ device, micros }: Stamp): string => `{"d":"${device}","t":${millis(micros)},${jsonValues}}`;
const row = ({ device, micros }: Stamp): string => `["${device}",${millis(micros)},${rowValues}]`;
const line = ({ device, micros }: Stamp): string => `vitals,device=${device} ${lineValues} ${String(micros)}000`;

const encoders: Readonly<Record<Format, (stamps: readonly Stamp[], key: string) => TelemetryRequest>> = {
  json: (stamps, key) => ({ body: `{"batch":"${key}","readings":[${stamps.map(object).join(',')}]}` }),
  rows: (stamps, key) => ({ body: `{"batch":"${key}","cols":${columns},"rows":[${stamps.map(row).join(',')}]}` }),
  ndjson: (stamps, key) => ({
    body: `{"batch":"${key}"}\n${stamps.map(object).join('\n')}\n`,
    contentType: 'application/x-ndjson',
  }),
  lp: (stamps) => ({
    body: stamps.map(line).join('\n'),
    path: '/api/v2/write?precision=ns',
    contentType: 'text/plain',
  }),
};

/**
 * Readings of some devices, which take turns. No device has two of one time: when it has to measure more than once in a
 * microsecond, its clock runs ahead.
 */
export class ReadingSource {
  readonly #last: number[];
  #next = 0;

  /** @param devices names that gateways send, at least one */
  constructor(private readonly devices: readonly string[]) {
    this.#last = devices.map(() => 0);
  }

  /** @param nowMs milliseconds since 1970 */
  request(format: Format, count: number, nowMs: number): TelemetryRequest {
    const now = Math.floor(nowMs) * 1_000;
    return encoders[format](
      Array.from({ length: count }, () => this.#stamp(now)),
      uuidv7(),
    );
  }

  #stamp(now: number): Stamp {
    const at = this.#next;
    this.#next = (at + 1) % this.devices.length;
    const micros = Math.max(now, (this.#last[at] ?? 0) + 1);
    this.#last[at] = micros;
    return { device: this.devices[at] ?? '', micros };
  }
}
