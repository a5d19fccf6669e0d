import { readingFlag } from '@hms/contracts';
import { describe, expect, it } from '@jest/globals';
import { deviceMap, readingOf } from '../../testing/telemetry-fakes.js';
import { resolveReading } from '../resolve.js';
import type { Reading, ResolvedReading } from '../reading.js';
import { encodeRows } from './copy-encoder.js';

const devices = deviceMap(3);
const mark = { writer: 258, flushNo: 1_767_225_600_000_001 };

function resolve(reading: Reading): ResolvedReading {
  const result = resolveReading(reading, devices, devices.find(reading.device)?.gatewayId ?? '');
  if ('code' in result) throw new Error(result.code);
  return result;
}

const header = '5047434f50590aff0d0a00' + '00000000' + '00000000';
const absent = 'ffffffff';

describe('rows in the binary format of COPY', () => {
  it('are byte for byte what PostgreSQL reads', () => {
    const values = { heartRate: 72, temperature: 36.5, fio2: 21, onOxygen: 1, acvpu: 1 };
    const row = resolve({ ...readingOf(1, 1_767_225_600_000_000, values), flags: readingFlag.skew, clockOffsetMs: -2 });
    expect(encodeRows([row], mark).toString('hex')).toBe(
      [
        header,
        '0016', // 22 columns
        '00000010' + '01900000000070008000000000000001', // patient_id
        '00000004' + '00000001', // device_no
        '00000008' + '0002ea470ae86000', // recorded_at: 820,540,800 s after 2000
        '00000008' + '0006474846204001', // flush_no
        '00000002' + '0102', // writer
        '00000002' + '0001', // flags
        '00000004' + 'fffffffe', // clock_offset_ms
        '00000002' + '0048', // heart_rate
        absent.repeat(9), // pulse_rate to abp_mean
        '00000004' + '42120000', // temperature
        absent, // etco2
        '00000002' + '0015', // fio2
        '00000001' + '01', // on_oxygen
        '00000001' + '43', // acvpu
        'ffff',
      ].join(''),
    );
  });

  it('have neither patient nor offset when there is none, and none of them is a file too', () => {
    const unassigned = encodeRows([resolve(readingOf(3, 0))], mark).toString('hex');
    expect(unassigned.slice(header.length, header.length + 28)).toBe(`0016${absent}0000000400000003`);
    expect(encodeRows([], mark).toString('hex')).toBe(`${header}ffff`);
  });
});
