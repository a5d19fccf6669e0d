import { describe, expect, it } from '@jest/globals';
import { field } from '../fields.js';
import { decodeThingsboard } from './thingsboard.js';

const at = Date.UTC(2026, 0, 1, 8);
const received = { at, idempotencyKey: '', device: 'mon-1' };
const decode = (body: unknown): ReturnType<typeof decodeThingsboard> =>
  decodeThingsboard(JSON.stringify(body), received);

describe('what devices of ThingsBoard publish', () => {
  it.each([
    ['values with their time', { ts: at - 1_000, values: { hr: 72 } }, [at - 1_000]],
    [
      'an array of them',
      [
        { ts: at - 2_000, values: { hr: 72 } },
        { ts: at, values: { hr: 73 } },
      ],
      [at - 2_000, at],
    ],
    ['values of now', { hr: 72 }, [at]],
    ['values of now that name their device', { d: 'mon-1', hr: 72 }, [at]],
  ])('is read: %s', (_, body, times) => {
    const { readings, rejected } = decode(body);
    expect(rejected).toEqual([]);
    expect(readings.map(({ device, recordedAt }) => [device, recordedAt / 1_000])).toEqual(
      times.map((time) => ['mon-1', time]),
    );
    expect(readings[0]?.values[field.heartRate]).toBe(72);
  });

  it.each([
    ['no object', [5], 'malformed'],
    ['values that are none', { ts: at, values: 5 }, 'malformed'],
    ['a time without values', { ts: at }, 'empty'],
    ['a time in words', { ts: 'yesterday', values: { hr: 70 } }, 'malformed'],
    ['what nobody knows', { mood: 3 }, 'unknown_field'],
  ])('is refused: %s', (_, body, code) => {
    expect(decode(body)).toMatchObject({ readings: [], rejected: [{ i: 0, code }] });
  });

  it('tells whether a time is that of its arrival', () => {
    const untimed = (body: string): unknown => decodeThingsboard(body, received).untimed;
    expect(untimed(`[{"ts":${at},"values":{"hr":70}},{"ts":${at + 1},"values":{"hr":70}}]`)).toBe(false);
    expect(untimed(`[{"ts":${at},"values":{"hr":70}},{"hr":70}]`)).toBe(true);
  });

  it('is a problem when it is no JSON, or nothing', () => {
    expect(() => decodeThingsboard('{', received)).toThrow(expect.objectContaining({ code: 'request.malformed' }));
    expect(() => decodeThingsboard('[]', received)).toThrow(expect.objectContaining({ code: 'telemetry.empty' }));
  });
});
