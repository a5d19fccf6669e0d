import { AppError, readingFlag, vitalSigns } from '@hms/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fields } from '../fields.js';
import type { TelemetryBatch } from '../telemetry-batch.js';
import { decodeJson } from './json.js';

const now = 1_767_225_600_000;
const decode = (body: unknown, idempotencyKey = ''): TelemetryBatch =>
  decodeJson(typeof body === 'string' ? body : JSON.stringify(body), { at: now, idempotencyKey });
const reading = (values: object): object => ({ d: 'mon-1', t: now, ...values });
const one = (values: object): TelemetryBatch => decode({ readings: [reading(values)] });
const named = (values: readonly number[] | undefined): object =>
  Object.fromEntries<number>(
    (values ?? []).flatMap((value, i) => (Number.isNaN(value) ? [] : [[String(fields[i]?.wire), value]])),
  );

describe('both forms', () => {
  it('say the same', () => {
    const rows = decode({
      cols: ['d', 't', 'hr', 'temp', 'o2', 'acvpu'],
      rows: [['mon-1', now, 72, 36.8, false, 'P']],
    });
    const objects = decode({ device: 'mon-1', readings: [{ t: now, hr: 72, temp: 36.8, o2: false, acvpu: 'P' }] });
    expect(rows.readings).toEqual(objects.readings);
    expect(named(rows.readings[0]?.values)).toEqual({ hr: 72, temp: 36.8, o2: 0, acvpu: 3 });
  });

  it('take each vital sign by each of its names', () => {
    for (const { wire, code, column } of vitalSigns) {
      const value = wire === 'o2' ? true : wire === 'acvpu' ? 'U' : 40;
      for (const key of [wire, code, column]) expect(one({ [key]: value }).readings).toHaveLength(1);
    }
  });
});

describe('a value', () => {
  it.each(vitalSigns.filter((sign) => 'min' in sign))('of $code is taken at its limits and refused beyond', (sign) => {
    for (const value of [sign.min, sign.max]) expect(one({ [sign.wire]: value }).rejected).toEqual([]);
    for (const value of [sign.min - 0.1, sign.max + 0.1]) {
      expect(one({ [sign.wire]: value }).rejected).toEqual([{ i: 0, code: 'out_of_range', field: sign.wire }]);
    }
  });

  it('of an integer column is rounded, and a temperature is converted from Fahrenheit', () => {
    expect(named(one({ hr: 72.5, temp: 98.6, tu: '[degF]' }).readings[0]?.values)).toEqual({ hr: 73, temp: 37 });
  });

  it.each([
    [{ hr: '72' }, 'not_a_number', 'hr'],
    [{ hr: true }, 'not_a_number', 'hr'],
    [{ hr: {} }, 'not_a_number', 'hr'],
    [{ o2: 1 }, 'malformed', 'o2'],
    [{ acvpu: 'X' }, 'malformed', 'acvpu'],
    [{ temp: 37, tu: 'K' }, 'malformed', 'tu'],
    [{ temp: 98.6 }, 'out_of_range', 'temp'],
    [{ d: 'no name', hr: 1 }, 'malformed', 'd'],
    [{ d: 7, hr: 1 }, 'malformed', 'd'],
    [{ sys: 80, dia: 80 }, 'inconsistent', 'dia'],
    [{ asys: 80, adia: 90 }, 'inconsistent', 'adia'],
    [{ pulse: 1 }, 'unknown_field', 'pulse'],
    [{ 'a\u0000b': 1 }, 'unknown_field', undefined],
    [{ hr: null }, 'empty', undefined],
  ])('that makes no sense is refused: %j', (values, code, field) => {
    expect(one(values)).toMatchObject({ readings: [], rejected: [{ i: 0, code, ...(field ? { field } : {}) }] });
  });

  it.each([
    [{ hr: 0, spo2: 95 }, readingFlag.heartRateZero],
    [{ hr: 100, pr: 69 }, readingFlag.pulseDeficit],
    [{ spo2: 49 }, readingFlag.spo2Low],
    [{ temp: 29.9 }, readingFlag.temperatureExtreme],
    [{ temp: 43.1, spo2: 40 }, readingFlag.temperatureExtreme | readingFlag.spo2Low],
    [{ hr: 100, pr: 70, spo2: 50, temp: 43 }, 0],
  ])('that is strange is stored with a flag: %j', (values, flags) => {
    expect(one(values).readings[0]?.flags).toBe(flags);
  });
});

describe('a time', () => {
  const day = 24 * 3_600_000;
  it.each([
    [now - 7 * day, undefined],
    [now - 7 * day - 1, 'too_old'],
    [now + 30_000, undefined],
    [now + 30_001, 'future_timestamp'],
    ['2026-01-01T00:00:00', 'missing_zone'],
    [undefined, 'missing_time'],
  ])('%s: %s', (t, code) => {
    expect(one({ t, hr: 70 }).rejected).toEqual(code ? [{ i: 0, code, field: 't' }] : []);
  });
});

describe('a row', () => {
  it.each([
    ['no array', 7],
    ['too short', ['mon-1', now]],
    ['too long', ['mon-1', now, 70, 71]],
  ])('that is %s is malformed', (_, row) => {
    expect(decode({ cols: ['d', 't', 'hr'], rows: [row] }).rejected).toEqual([{ i: 0, code: 'malformed' }]);
  });
});

describe('the content of a batch', () => {
  const text = (sentAt: unknown, hr = 70): string => JSON.stringify({ sent_at: sentAt, readings: [reading({ hr })] });

  it('is the same whenever it was sent, and another when a value is', () => {
    const digest = (body: string): string => decode(body).digest().toString('hex');
    expect(digest(text(now))).toBe(digest(text(new Date(now + 5).toISOString())));
    expect(digest(text(now))).not.toBe(digest(text(now, 71)));
  });

  it('has the key of the body, else of the header', () => {
    expect(decode({ batch: 'b', readings: [{}] }, 'h').key).toBe('b');
    expect(decode({ readings: [{}] }, 'h').key).toBe('h');
    expect(decode({ readings: [{}] }).key).toBeUndefined();
  });
});

/** JSON that is sometimes almost a batch. */
const anyValue = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom('mon-1', now, now - 1_000, 72, 36.8, null, true, 'A', '2026-01-01T00:00:00Z', '[degF]', -1, 1e300),
);
const anyKey = fc.oneof(
  fc.constantFrom('d', 't', 'tu', ...fields.map(({ wire }) => wire), '__proto__', 'constructor'),
  fc.string(),
);
const anyReading = fc.oneof(fc.dictionary(anyKey, anyValue), anyValue);
const anyRows = fc.record({
  cols: fc.uniqueArray(anyKey, { maxLength: 6 }),
  rows: fc.array(fc.oneof(fc.array(anyValue, { maxLength: 6 }), anyValue)),
});
const anyBatch = fc.oneof(
  fc.record({ readings: fc.array(anyReading, { maxLength: 8 }) }),
  anyRows,
  fc.record({ batch: anyValue, sent_at: anyValue, device: anyValue, readings: fc.array(anyReading) }),
  fc.jsonValue(),
);

describe('whatever comes', () => {
  it('is refused as a whole with a problem of ours, or each reading is in exactly one of the two lists', () => {
    fc.assert(
      fc.property(anyBatch, (body) => {
        try {
          const { readings, rejected } = decode(body);
          const { rows, readings: items } = body as { rows?: unknown[]; readings?: unknown[] };
          const indexes = [...readings.map(({ index }) => index), ...rejected.map(({ i }) => i)].sort((a, b) => a - b);
          expect(indexes).toEqual([...(rows ?? items ?? []).keys()]);
          for (const { values, recordedAt } of readings) {
            expect(values).toHaveLength(fields.length);
            expect(Number.isSafeInteger(recordedAt)).toBe(true);
          }
        } catch (err) {
          if (!(err instanceof AppError)) throw err;
          expect(err.spec.status).toBeLessThan(500);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('is refused with 400 when it is not JSON', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!isJson(text));
        expect(() => decode(text)).toThrow(expect.objectContaining({ code: 'request.malformed' }));
      }),
    );
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
