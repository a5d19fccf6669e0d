import type { ResolvedReading } from '../reading.js';
import type { Waveform } from '../waveform.js';
import { timestamp } from './statements.js';

interface Chunk extends Waveform {
  readonly deviceNo: number;
  readonly recordedAt: number;
}

/** Those who store the same chunks at once wait for each other instead of blocking each other. */
const byKey = (a: Chunk, b: Chunk): number =>
  a.deviceNo - b.deviceNo || a.recordedAt - b.recordedAt || (a.lead < b.lead ? -1 : 1);

/**
 * A statement that stores the waveforms of the rows; none when there are none. One that is there stays as it is. Whose
 * they are is not stored: whoever wore the device then, which may be corrected later.
 */
export function insertWaveforms(schema: string, rows: readonly ResolvedReading[]): string[] {
  const chunks: Chunk[] = [];
  for (const { device, reading } of rows) {
    if (!reading.waveforms) continue;
    const { recordedAt } = reading;
    for (const waveform of reading.waveforms) chunks.push({ ...waveform, deviceNo: device.no, recordedAt });
  }
  if (chunks.length === 0) return [];
  const values = chunks
    .sort(byKey)
    .map(
      ({ deviceNo, lead, recordedAt, hz, scale, origin, samples }) =>
        `(${deviceNo}, '${lead}', ${timestamp(recordedAt)}, ${hz}, ${scale}, ${origin}, decode('${samples}', 'base64'))`,
    );
  return [
    `insert into ${schema}.waveform (device_no, lead, started_at, hz, scale, origin, samples) values ${values.join(', ')}
     on conflict do nothing`,
  ];
}
