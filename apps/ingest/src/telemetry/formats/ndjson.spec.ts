import { describe, expect, it } from '@jest/globals';
import { AppError } from '@hms/contracts';
import fc from 'fast-check';
import type { TelemetryBatch } from '../telemetry-batch.js';
import { decodeJson } from './json.js';
import { decodeNdjson } from './ndjson.js';

const now = 1_767_225_600_000;
const received = { at: now, idempotencyKey: '' };
const decode = (...lines: (object | string)[]): TelemetryBatch =>
  decodeNdjson(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'), received);
const reading = { d: 'mon-1', t: now, hr: 72 };

describe('lines of JSON', () => {
  it('say what the same readings say in one object', () => {
    const header = { batch: 'b-1', sent_at: now - 5_000, device: 'mon-1' };
    const readings = [
      { t: now, hr: 72 },
      { d: 'mon-2', t: now, spo2: 97 },
    ];
    const whole = decodeJson(JSON.stringify({ ...header, readings }), received);
    expect(decode(header, ...readings)).toMatchObject({
      key: 'b-1',
      clockOffsetMs: whole.clockOffsetMs,
      readings: whole.readings,
      rejected: [],
    });
  });

  it('need no header, may end with or without a line feed, and may have CRLF and blank lines', () => {
    for (const text of ['{0}', '{0}\n', '\r\n{0}\r\n\r\n']) {
      const batch = decodeNdjson(text.replace('{0}', JSON.stringify(reading)), received);
      expect([batch.key, batch.readings.length]).toEqual([undefined, 1]);
    }
  });

  it('are numbered from 0 without the header, and one that is no reading leaves the others alone', () => {
    const { readings, rejected } = decode({ batch: 'b' }, reading, 'no JSON', '[]', { ...reading, xx: 1 }, reading);
    expect(readings.map(({ index }) => index)).toEqual([0, 4]);
    expect(rejected).toEqual([
      { i: 1, code: 'malformed' },
      { i: 2, code: 'malformed' },
      { i: 3, code: 'unknown_field', field: 'xx' },
    ]);
  });

  it('that were cut off are refused whole', () => {
    const text = [reading, reading].map((line) => JSON.stringify(line)).join('\n');
    expect(() => decodeNdjson(text.slice(0, -3), received)).toThrow(/request.malformed/);
  });

  it('are the same batch when they are sent again at another time', () => {
    const [first, again] = [now, now + 7_000].map((sent_at) => decode({ sent_at }, reading, reading));
    expect(first?.digest()).toEqual(again?.digest());
  });

  it('never throw anything but a problem, and account for each line', () => {
    const line = fc.oneof(fc.json(), fc.string(), fc.constant(JSON.stringify(reading)));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        try {
          const { readings, rejected } = decode(...lines.map((text) => text.replaceAll('\n', ' ')), reading);
          expect(readings.length + rejected.length).toBeGreaterThan(0);
        } catch (err) {
          expect(err).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
