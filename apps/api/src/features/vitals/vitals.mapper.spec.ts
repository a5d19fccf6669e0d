import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { toLatestDtos, toSnapshot } from './vitals.mapper.js';

const now = new Date('2026-03-01T12:00:00Z');
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1_000);
const row = (patientId: string, code: string, value: number, seconds: number) => ({
  patientId,
  code,
  value,
  recordedAt: ago(seconds),
});

describe('the latest values', () => {
  it('each carry their own time, age, unit and LOINC code, in the order of the catalogue', () => {
    const values = toLatestDtos([row('p', 'temperature', 36.799999, 3_600), row('p', 'heartRate', 72, 1)], now);
    expect(values).toEqual([
      {
        code: 'heartRate',
        display: 'Heart rate',
        loinc: '8867-4',
        value: 72,
        unit: '/min',
        recordedAt: ago(1).toISOString(),
        ageSeconds: 1,
      },
      {
        code: 'temperature',
        display: 'Body temperature',
        loinc: '8310-5',
        value: 36.8,
        unit: 'Cel',
        recordedAt: ago(3_600).toISOString(),
        ageSeconds: 3_600,
      },
    ]);
  });

  it('show coded values as codes, without a unit', () => {
    const values = toLatestDtos([row('p', 'onOxygen', 1, 0), row('p', 'acvpu', 2, 0)], now);
    expect(values.map(({ value, unit }) => [value, unit])).toEqual([
      [true, null],
      ['V', null],
    ]);
  });

  it('are never younger than now, whatever the clock of a device says', () => {
    expect(toLatestDtos([row('p', 'heartRate', 72, -20)], now)[0]?.ageSeconds).toBe(0);
  });

  it('leave out what the catalogue does not know', () => {
    expect(toLatestDtos([row('p', 'mood', 1, 0)], now)).toEqual([]);
  });
});

describe('a snapshot', () => {
  it('never gives an old value the time of a newer one', () => {
    const rows = [row('a', 'temperature', 37, 60), row('b', 'spo2', 90, 2), row('a', 'heartRate', 72, 1)];
    expect(toSnapshot([...rows, row('a', 'spo2', 97, 1)])).toEqual([
      { patientId: 'a', recordedAt: ago(60).toISOString(), values: { temperature: 37 }, position: '0' },
      { patientId: 'b', recordedAt: ago(2).toISOString(), values: { spo2: 90 }, position: '0' },
      { patientId: 'a', recordedAt: ago(1).toISOString(), values: { heartRate: 72, spo2: 97 }, position: '0' },
    ]);
  });
});
