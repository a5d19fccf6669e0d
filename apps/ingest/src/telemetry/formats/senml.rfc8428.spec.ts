import { describe, expect, it } from '@jest/globals';
import { vitalSigns } from '@hms/contracts';
import { decodeSenml } from './senml.js';

/** When the collection of §5.1.6 was fetched, which §5.1.7 calls now too. */
const fetched = 1_320_078_429;
const moving = 1_320_067_464;
const voltage = 1_276_020_076.001;

const wire = 'urn:dev:ow:10e2073a01080063';
const track = [
  { u: '%RH', v: 20 },
  { u: 'lon', v: 24.30621 },
  { u: 'lat', v: 60.07965 },
  { u: '%RH', t: 60, v: 20.3 },
  { u: 'lon', t: 60, v: 24.30622 },
  { u: 'lat', t: 60, v: 60.07965 },
  { u: '%RH', t: 120, v: 20.7 },
  { u: 'lon', t: 120, v: 24.30623 },
  { u: 'lat', t: 120, v: 60.07966 },
  { u: '%EL', t: 150, v: 98 },
  { u: '%RH', t: 180, v: 21.2 },
  { u: 'lon', t: 180, v: 24.30628 },
  { u: 'lat', t: 180, v: 60.07967 },
];
const packed = track.map(({ u, ...record }) => (u === '%RH' ? record : { u, ...record }));

/** What a pack is read as at `now`: each reading, and why each of the other records is none. */
function readingsOf(pack: readonly object[], now: number): { readings: unknown[]; refused: unknown[] } {
  const { readings, rejected } = decodeSenml(JSON.stringify(pack), { at: now * 1_000, idempotencyKey: '' });
  return {
    readings: readings.map(({ device, recordedAt, values }) => ({
      device,
      at: recordedAt / 1_000_000,
      ...Object.fromEntries(vitalSigns.flatMap((sign, i) => (Number.isNaN(values[i]) ? [] : [[sign.wire, values[i]]]))),
    })),
    refused: [...rejected].sort((a, b) => a.i - b.i).map(({ i, code }) => `${i} ${code}`),
  };
}
const unknown = (...indexes: number[]): string[] => indexes.map((i) => `${i} unknown_field`);

describe('the examples of RFC 8428, section 5.1', () => {
  it.each([
    ['a single data point, whose name tells no vital sign', [{ n: wire, u: 'Cel', v: 23.1 }], fetched, [0]],
    [
      'voltage and current',
      [
        { bn: `${wire}:`, n: 'voltage', u: 'V', v: 120.1 },
        { n: 'current', u: 'A', v: 1.2 },
      ],
      fetched,
      [0, 1],
    ],
    [
      'voltage and current with base time, unit and version',
      [
        { bn: 'urn:dev:ow:10e2073a0108006:', bt: voltage, bu: 'A', bver: 5, n: 'voltage', u: 'V', v: 120.1 },
        ...[-5, -4, -3, -2, -1].map((t) => ({ n: 'current', t, v: 1.7 + t / 10 })),
        { n: 'current', v: 1.7 },
      ],
      voltage,
      [0, 1, 2, 3, 4, 5, 6],
    ],
    [
      'humidity on the move',
      [{ bn: wire, bt: moving, bu: '%RH', v: 20 }, ...packed.slice(1)],
      moving + 180,
      track.map((_, i) => i),
    ],
    [
      'the same, resolved',
      track.map(({ t = 0, ...record }) => ({ n: wire, ...record, t: moving + t })),
      moving + 180,
      track.map((_, i) => i),
    ],
    [
      'two lights going on',
      [
        { bt: fetched, bu: '/', n: '2001:db8::3', v: 1 },
        { n: '2001:db8::4', v: 1 },
      ],
      fetched,
      [0, 1],
    ],
    [
      'two lights going off a little later',
      [
        { bt: fetched, bu: '/', n: '2001:db8::3', v: 0.5 },
        { n: '2001:db8::4', v: 0.5 },
        { n: '2001:db8::3', t: 0.1, v: 0 },
        { n: '2001:db8::4', t: 0.1, v: 0 },
      ],
      fetched,
      [0, 1, 2, 3],
    ],
  ])('have nothing to store in %s', (_, pack, now, refused) => {
    expect(readingsOf(pack, now)).toEqual({ readings: [], refused: unknown(...refused) });
  });

  it('of data types have a temperature, which looks like a patient’s', () => {
    const pack = [
      { bn: `${wire}:`, n: 'temp', u: 'Cel', v: 23.1 },
      { n: 'label', vs: 'Machine Room' },
      { n: 'open', vb: false },
      { n: 'nfc-reader', vd: 'aGkgCg' },
    ];
    expect(readingsOf(pack, fetched)).toEqual({
      readings: [{ device: wire, at: fetched, temp: 23.1 }],
      refused: unknown(1, 2, 3),
    });
  });

  it('of a thermostat too, and its first record, of a name alone, says nothing', () => {
    const pack = [
      { bn: `${wire}:` },
      { n: 'temp', u: 'Cel', v: 23.1 },
      { n: 'heat', u: '/', v: 1 },
      { n: 'fan', u: '/', v: 0 },
    ];
    expect(readingsOf(pack, fetched)).toEqual({
      readings: [{ device: wire, at: fetched, temp: 23.1 }],
      refused: unknown(2, 3),
    });
  });

  const collection = [
    { bn: '2001:db8::2/', bt: fetched, n: 'temperature', u: 'Cel', v: 25.2 },
    { n: 'humidity', u: '%RH', v: 30 },
    { bn: '2001:db8::1/', n: 'temperature', u: 'Cel', v: 12.3 },
    { n: 'humidity', u: '%RH', v: 67 },
  ];

  it('of a collection have one temperature that a body can have', () => {
    expect(readingsOf(collection, fetched)).toEqual({
      readings: [{ device: '2001:db8::2', at: fetched, temp: 25.2 }],
      refused: ['1 unknown_field', '2 out_of_range', '3 unknown_field'],
    });
  });

  it('are too old today where they state a time', () => {
    const { readings, refused } = readingsOf(collection, fetched + 15 * 365 * 86_400);
    expect(readings).toEqual([]);
    expect(refused).toContain('0 too_old');
  });
});
