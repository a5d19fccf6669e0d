import type { ResolvedReading } from '../reading.js';
import { timestamp } from './statements.js';

/**
 * A statement that stores the waveforms of the rows; none when there are none. One that is there stays as it is. Whose
 * they are is not stored: whoever wore the device then, which may be corrected later.
 */
export function insertWaveforms(schema: string, rows: readonly ResolvedReading[]): string[] {
  const values = rows.flatMap(({ device, reading: { recordedAt, waveforms = [] } }) =>
    waveforms.map(
      ({ lead, hz, scale, origin, samples }) =>
        `(${device.no}, '${lead}', ${timestamp(recordedAt)}, ${hz}, ${scale}, ${origin}, decode('${samples}', 'base64'))`,
    ),
  );
  if (values.length === 0) return [];
  return [
    `insert into ${schema}.waveform (device_no, lead, started_at, hz, scale, origin, samples) values ${values.join(', ')}
     on conflict do nothing`,
  ];
}
