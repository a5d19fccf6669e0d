import fc from 'fast-check';
import { type Cell, targetOf, toReading } from './reading.js';
import { microsText, parseMicros } from './time.js';

const now = Date.UTC(2026, 0, 1);
const reading = (over: Record<string, unknown>): ReturnType<typeof toReading> => {
  const cells = Object.entries({ d: 'mon-1', t: now, ...over });
  return toReading(
    7,
    cells.map(([key, value]): Cell => [targetOf(key) ?? 'time', value]),
    { from: Date.UTC(2010, 0, 1), now },
  );
};

describe('a reading of a file', () => {
  it('is held to what devices are held to', () => {
    expect(reading({ hr: 72.4, temp: 98.6, tu: '[degF]', o2: false, acvpu: 'A' })).toMatchObject({
      micros: now * 1_000,
      values: [72, ...Array<null>(9).fill(null), 37, null, null, false, 'A'],
      flags: 0,
    });
  });

  it.each([
    [{ hr: 351 }, 'out_of_range', 'hr'],
    [{ hr: '72' }, 'not_a_number', 'hr'],
    [{ hr: NaN }, 'not_a_number', 'hr'],
    [{ sys: 80, dia: 90 }, 'inconsistent', 'dia'],
    [{ acvpu: 'X' }, 'malformed', 'acvpu'],
    [{ o2: 1 }, 'malformed', 'o2'],
    [{ temp: 36, tu: 'K' }, 'not_a_number', 'temp'],
    [{ hr: null }, 'empty', undefined],
    [{ hr: 72, d: 'no such name' }, 'malformed', 'd'],
    [{ hr: 72, d: null }, 'malformed', 'd'],
    [{ hr: 72, t: null }, 'missing_time', 't'],
    [{ hr: 72, t: now + 60_000 }, 'future_timestamp', 't'],
    [{ hr: 72, t: '1970-01-01T00:00:00Z' }, 'too_old', 't'],
    [{ hr: 72, t: '2025-12-31 10:00:00' }, 'missing_zone', 't'],
    [{ hr: 72, t: '2025-02-30T10:00:00Z' }, 'malformed', 't'],
  ])('is refused: %j', (over, code, field) => {
    expect(reading(over)).toEqual({ line: 7, code, ...(field === undefined ? {} : { field }) });
  });

  it('keeps what deserves a second look', () => {
    expect(reading({ hr: 0, pr: 60, spo2: 40, temp: 29 })).toMatchObject({ flags: 2 | 4 | 8 | 16 });
  });
});

describe('a time', () => {
  it('is read to the microsecond and written as it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e15 }), (micros) => {
        expect(parseMicros(microsText(micros))).toBe(micros);
      }),
    );
  });

  it.each([
    ['2026-01-01T01:00:00+01:00', now * 1_000],
    ['2026-01-01 00:00:00.5-0000', now * 1_000 + 500_000],
  ])('has a zone: %s', (text, micros) => {
    expect(parseMicros(text)).toBe(micros);
  });
});
