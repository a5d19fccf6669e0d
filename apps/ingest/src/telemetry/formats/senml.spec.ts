import { describe, expect, it } from '@jest/globals';
import { AppError } from '@hms/contracts';
import fc from 'fast-check';
import { cpuMs } from '../../testing/cpu-time.js';
import { fields } from '../fields.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import { decodeSenml } from './senml.js';

const now = 1_767_225_600_000;
const decode = (pack: unknown): TelemetryBatch => decodeSenml(JSON.stringify(pack), { at: now, idempotencyKey: '' });
const seen = (pack: unknown): unknown[] =>
  decode(pack).readings.map(({ device, recordedAt, values }) => [
    device,
    recordedAt / 1_000 - now,
    Object.fromEntries<number>(
      values.flatMap((value, i) => (Number.isNaN(value) ? [] : [[String(fields[i]?.wire), value]])),
    ),
  ]);

describe('a pack', () => {
  it('is read with the base fields of RFC 8428, and records of one device and time are one reading', () => {
    const pack = [
      { bn: 'urn:dev:mac:0024befffe804ff1:', bt: now / 1_000 - 10, n: 'hr', u: 'beat/min', v: 72 },
      { n: 'spo2', u: '%', v: 97 },
      { n: 'spo2', u: '/', v: 0.96, t: 1 },
      { bn: 'mon-12/', bu: 'Cel', bv: 30, n: 'temp', v: 6.5 },
    ];
    expect(seen(pack)).toEqual([
      ['urn:dev:mac:0024befffe804ff1', -10_000, { hr: 72, spo2: 97 }],
      ['urn:dev:mac:0024befffe804ff1', -9_000, { spo2: 96 }],
      ['mon-12', -10_000, { temp: 36.5 }],
    ]);
  });

  it('has times that are relative to now when they are small', () => {
    const pack = [
      { n: 'mon:hr', v: 70 },
      { n: 'mon:hr', v: 71, t: -2.5 },
    ];
    expect(seen(pack)).toEqual([
      ['mon', 0, { hr: 70 }],
      ['mon', -2_500, { hr: 71 }],
    ]);
    expect(decode(pack).untimed).toBe(true);
  });

  it.each([
    ['sys', 16, 'kPa', 120],
    ['sys', 160, 'hPa', 120],
    ['sys', 16_000, 'Pa', 120],
    ['sys', 120, 'mmHg', 120],
    ['temp', 98.6, '[degF]', 37],
    ['temp', 310.15, 'K', 37],
    ['spo2', 97, '/100', 97],
  ])('says %s as %d %s', (sign, v, u, stored) => {
    expect(seen([{ n: `mon:${sign}`, v, u }])).toEqual([['mon', 0, { [sign]: stored }]]);
  });

  it('says flags and words, and knows signs by each of their names', () => {
    const pack = [
      { bn: 'mon:', n: 'o2', vb: true },
      { n: 'acvpu', vs: 'V' },
      { n: 'heartRate', v: 70 },
    ];
    expect(seen(pack)).toEqual([['mon', 0, { o2: 1, acvpu: 2, hr: 70 }]]);
  });

  it('has names of at most 256 characters, however many records have them', () => {
    const long = [
      { bn: `mon${':'.repeat(60_000)}x`, bt: now / 1_000 },
      ...Array.from({ length: 1_000 }, () => ({ n: ':hr', v: 70 })),
    ];
    const read = (): unknown => expect(decode(long).rejected[0]).toEqual({ i: 1, code: 'malformed', field: 'n' });
    expect(cpuMs(read)).toBeLessThan(250);
    expect(seen([{ n: `mon${'/'.repeat(200)}hr`, v: 70 }])).toEqual([['mon', 0, { hr: 70 }]]);
  });

  it('keeps what is right when some records are not', () => {
    const { readings, rejected } = decode([
      { bn: 'mon:', bt: now / 1_000 },
      { n: 'hr', v: 70 },
      { n: 'voltage', u: 'V', v: 120.1 },
      { n: 'hr', u: 'Cel', v: 70 },
      { n: 'hr', v: 999 },
      { n: 'hr' },
      { n: 'hr', vs: 'fast' },
    ]);
    expect(readings).toHaveLength(1);
    expect(rejected.map(({ i, code }) => [i, code])).toEqual([
      [2, 'unknown_field'],
      [3, 'malformed'],
      [4, 'out_of_range'],
      [5, 'malformed'],
      [6, 'not_a_number'],
    ]);
  });

  it.each([
    ['no array', {}],
    ['no records', [1]],
    ['a later version', [{ bver: 11, n: 'mon:hr', v: 1 }]],
    ['a field that must be understood', [{ n: 'mon:hr', v: 1, price_: 2 }]],
    ['a time in words', [{ n: 'mon:hr', v: 1, t: 'noon' }]],
  ])('is refused whole for %s', (_, pack) => {
    expect(() => decode(pack)).toThrow(/request.invalid/);
  });

  it('never makes anything but readings, refusals and problems', () => {
    const key = fc.constantFrom('bn', 'bt', 'bu', 'bv', 'bver', 'n', 't', 'u', 'v', 'vb', 'vs', 'vd', 's', 'x_', 'x');
    const record = fc.dictionary(key, fc.oneof(fc.jsonValue(), fc.double(), fc.constantFrom('mon:hr', 'hr', 'Cel')));
    fc.assert(
      fc.property(fc.oneof(fc.array(record), fc.jsonValue()), (pack) => {
        try {
          const { readings, rejected } = decode(pack);
          expect(readings.length + rejected.length).toBeGreaterThan(0);
        } catch (err) {
          expect(err).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
