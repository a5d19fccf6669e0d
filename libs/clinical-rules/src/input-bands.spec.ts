import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { InputBands } from './input-bands.js';
import { observedCodes } from './inputs.js';
import { Observations } from './observations.js';
import { scorePatient, type Scoring } from './patient-score.js';

const began = Date.parse('2026-06-15T12:00:00Z');
const place = (code: string): number => observedCodes.indexOf(code);

/** What devices and people say, with values about the edges of bands. */
const ranges: Readonly<Record<string, fc.Arbitrary<number>>> = {
  respiratoryRate: fc.integer({ min: 0, max: 100 }),
  spo2: fc.integer({ min: 80, max: 100 }),
  onOxygen: fc.constantFrom(0, 1),
  fio2: fc.constantFrom(21, 22, 49, 50),
  oxygenFlow: fc.constantFrom(0, 2, 4),
  systolic: fc.integer({ min: 40, max: 230 }),
  arterialSystolic: fc.integer({ min: 40, max: 230 }),
  heartRate: fc.integer({ min: 0, max: 200 }),
  pulseRate: fc.integer({ min: 0, max: 200 }),
  acvpu: fc.integer({ min: 0, max: 4 }),
  temperature: fc.integer({ min: 3_400, max: 4_000 }).map((hundredths) => hundredths / 100),
  capillaryRefill: fc.constantFrom(2, 2.9, 3),
  respiratoryEffort: fc.integer({ min: 0, max: 3 }),
};
const observed = fc
  .constantFrom(...observedCodes)
  .chain((code) =>
    fc.record({ code: fc.constant(code), value: ranges[code] ?? fc.constant(NaN), doubtful: fc.boolean() }),
  );
const step = fc.record({ observed: fc.array(observed, { maxLength: 4 }), seconds: fc.integer({ min: 1, max: 900 }) });
const scorings: readonly Scoring[] = [
  { setting: 'news2', spo2Scale: 1, birth: undefined },
  { setting: 'news2', spo2Scale: 2, birth: undefined },
  ...['2026-05-01', '2026-01-01', '2024-01-01', '2018-01-01', '2011-01-01'].map((date) => ({
    setting: 'bedside-pews' as const,
    spo2Scale: 1 as const,
    birth: { date, precision: 'day' as const },
  })),
];

describe('the bands of what is known', () => {
  it('change whenever the score does', () => {
    fc.assert(
      fc.property(fc.constantFrom(...scorings), fc.array(step, { maxLength: 30 }), (scoring, steps) => {
        const observations = new Observations();
        const bandsOf = InputBands.of(scoring.setting, scoring.spo2Scale);
        const bands: number[] = [];
        let last: unknown;
        let at = began;
        for (const { observed: some, seconds } of steps) {
          at += seconds * 1_000;
          for (const { code, value, doubtful } of some) observations.observe(place(code), doubtful ? NaN : value, at);
          const score = scorePatient(scoring, observations.newest, at)?.score;
          if (!bandsOf.refresh(bands, observations, at)) expect(score).toEqual(last);
          last = score;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('stay while a value moves within its own', () => {
    const observations = new Observations();
    const bandsOf = InputBands.of('news2', 1);
    const bands: number[] = [];
    const differs = (code: string, value: number, at: number): boolean => {
      observations.observe(place(code), value, began + at);
      return bandsOf.refresh(bands, observations, began + at);
    };
    expect(differs('heartRate', 52, 0)).toBe(true);
    expect(differs('heartRate', 90, 1_000)).toBe(false);
    expect(differs('heartRate', 91, 2_000)).toBe(true);
    expect(differs('temperature', 36.1, 3_000)).toBe(true);
    expect(differs('temperature', 38.04, 4_000)).toBe(false);
    expect(differs('temperature', 38.05, 5_000)).toBe(true);
    expect(bandsOf.refresh(bands, observations, began + 302_001)).toBe(true);
  });
});
