import { describe, expect, it } from '@jest/globals';
import type { TelemetryBatch } from '../../telemetry-batch.js';
import { decodeJson } from '../json.js';
import { decodeLineProtocol } from './decode.js';
import { isPrecision, toMicros, type Precision } from './precision.js';

const now = 1_767_225_600_000;
const received = { at: now, idempotencyKey: '' };
const decode = (text: string, precision: Precision = 'ns'): TelemetryBatch =>
  decodeLineProtocol(text, received, precision);

describe('readings in line protocol', () => {
  it('are those of the same values in JSON', () => {
    const json = decodeJson(
      JSON.stringify({ readings: [{ d: 'mon-1', t: now, hr: 72, temp: 98.6, tu: '[degF]', o2: true, acvpu: 'V' }] }),
      received,
    );
    const line = decode(`vitals,device=mon-1,tu=[degF] hr=72i,temp=98.6,o2=t,acvpu="V" ${String(now)}000000`);
    expect(line.readings).toEqual(json.readings);
  });

  it('come from the device, or else from the host', () => {
    const devices = ['device=a,host=b', 'host=b'].map(
      (tags) => decode(`vitals,${tags} hr=1 ${String(now)}`, 'ms').readings[0]?.device,
    );
    expect(devices).toEqual(['a', 'b']);
  });

  it('are one when device and time are', () => {
    const at = String(now);
    const { readings } = decode(
      [`vitals,device=a hr=70 ${at}`, `vitals,device=b hr=71 ${at}`, `vitals,device=a spo2=97 ${at}`].join('\n'),
      'ms',
    );
    expect(
      readings.map(({ index, device, values }) => [index, device, values.filter((v) => !Number.isNaN(v))]),
    ).toEqual([
      [0, 'a', [70, 97]],
      [1, 'b', [71]],
    ]);
  });

  it('were taken when they arrived, without a time, and are known again by what they say', () => {
    const batch = decode('vitals,device=a hr=70');
    expect(batch).toMatchObject({ untimed: true, readings: [{ recordedAt: now * 1_000 }] });
    expect(decode(`vitals,device=a hr=70 ${String(now)}000000`).untimed).toBe(false);
  });

  it('are taken by whole lines: one with anything wrong leaves nothing behind', () => {
    const at = String(now);
    const { readings, rejected } = decode(
      [
        `vitals,device=a hr=70 ${at}`,
        `vitals,device=a spo2=97,rr=999 ${at}`,
        `vitals,device=a spo2="high" ${at}`,
        `vitals,device=a load1=0.2 ${at}`,
        `vitals,device=a t=5 ${at}`,
        `cpu,host=a usage_idle=99 ${at}`,
        'vitals,device=a',
        `vitals hr=70 ${at}`,
      ].join('\n'),
      'ms',
    );
    expect(readings.map(({ values }) => values.filter((v) => !Number.isNaN(v)))).toEqual([[70]]);
    expect(rejected).toEqual([
      { i: 1, code: 'out_of_range', field: 'rr' },
      { i: 2, code: 'not_a_number', field: 'spo2' },
      { i: 3, code: 'unknown_field', field: 'load1' },
      { i: 4, code: 'unknown_field', field: 't' },
      { i: 5, code: 'unknown_field', field: 'cpu' },
      { i: 6, code: 'malformed' },
      { i: 7, code: 'malformed', field: 'd' },
    ]);
  });

  it('are refused whole when there are none, or too many to answer for', () => {
    expect(() => decode('# nothing\n')).toThrow(/telemetry.empty/);
    const many = Array.from({ length: 5_001 }, (_, i) => `vitals,device=a hr=1 ${String(now - i)}`).join('\n');
    expect(() => decode(many, 'ms')).toThrow(/body.too-large/);
  });
});

describe('a timestamp', () => {
  it.each([
    ['1767225600000000999', 'ns', 1_767_225_600_000_000],
    ['1767225600123456999', 'n', 1_767_225_600_123_456],
    ['1767225600123456', 'us', 1_767_225_600_123_456],
    ['1767225600123456', 'u', 1_767_225_600_123_456],
    ['1767225600123', 'ms', 1_767_225_600_123_000],
    ['1767225600', 's', 1_767_225_600_000_000],
    ['29453760', 'm', 1_767_225_600_000_000],
    ['490896', 'h', 1_767_225_600_000_000],
  ] as const)('%s %s', (digits, precision, micros) => {
    expect(toMicros(digits, precision)).toBe(micros);
  });

  it('has no other unit', () => {
    expect(['d', '', 'toString', '__proto__'].map(isPrecision)).toEqual([false, false, false, false]);
  });
});
