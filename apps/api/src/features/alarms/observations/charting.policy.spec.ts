import { describe, expect, it } from '@jest/globals';
import { AppError } from '@hms/contracts';
import { assertPlausible, maxBackdatingMs, timeOfRound, type Charted } from './charting.policy.js';

const now = new Date('2026-03-01T12:00:00Z');
const fieldsOf = (work: () => unknown): string[] => {
  try {
    work();
    return [];
  } catch (err) {
    if (!(err instanceof AppError)) throw err;
    return (err.details.errors ?? []).map(({ field }) => field);
  }
};
const charting = (...values: Charted[]) => fieldsOf(() => assertPlausible(values));

describe('a round at the bedside', () => {
  it('takes vital signs and what no device measures', () => {
    expect(
      charting(
        { code: 'acvpu', value: 'C' },
        { code: 'onOxygen', value: true },
        { code: 'oxygenFlow', value: 2.5 },
        { code: 'respiratoryEffort', value: 'moderate' },
        { code: 'capillaryRefill', value: 3 },
        { code: 'temperature', value: 38.4 },
      ),
    ).toEqual([]);
  });

  it.each([
    ['acvpu', 'X'],
    ['acvpu', 2],
    ['onOxygen', 1],
    ['respiratoryEffort', 'A'],
    ['heartRate', 351],
    ['heartRate', 72.5],
    ['heartRate', Number.NaN],
    ['temperature', '38'],
    ['capillaryRefill', -1],
  ] as const)('refuses for %s %j', (code, value) => {
    expect(charting({ code, value } as Charted)).toEqual(['values.0.value']);
  });

  it('names every value that is wrong, and a sign given twice', () => {
    const pulse = { code: 'heartRate', value: 72 } as const;
    expect(charting(pulse, { code: 'spo2', value: 101 }, pulse)).toEqual(['values.1.value', 'values.2.code']);
  });

  it('refuses a systolic pressure that is not above the diastolic', () => {
    expect(charting({ code: 'diastolic', value: 80 }, { code: 'systolic', value: 80 })).toEqual(['values.1.value']);
    expect(charting({ code: 'diastolic', value: 80 }, { code: 'systolic', value: 120 })).toEqual([]);
  });

  it('is of now unless it says otherwise, never of the future, and of the last seven days', () => {
    expect(timeOfRound(undefined, now)).toBe(now);
    const at = (ms: number) => new Date(now.getTime() + ms);
    expect(timeOfRound(at(-3_600_000), now)).toEqual(at(-3_600_000));
    expect(fieldsOf(() => timeOfRound(at(31_000), now))).toEqual(['recordedAt']);
    expect(fieldsOf(() => timeOfRound(at(-maxBackdatingMs - 1), now))).toEqual(['recordedAt']);
  });
});
