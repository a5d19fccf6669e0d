import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { scoreBedsidePews } from './bedside-pews.js';
import type { ScoreInput, ScoreInputs } from './inputs.js';

type Banded = 'heartRate' | 'systolic' | 'respiratoryRate';
/** Per item and age the limits as published: above for 0, then at or above and at or below for 1, 2 and 4. */
const table: Readonly<Record<Banded, readonly (readonly number[])[]>> = {
  heartRate: [
    [111, 149, 150, 110, 180, 90, 190, 80],
    [101, 149, 150, 100, 170, 80, 180, 70],
    [91, 119, 120, 90, 150, 70, 170, 60],
    [71, 109, 110, 70, 130, 60, 150, 50],
    [61, 99, 100, 60, 120, 50, 140, 40],
  ],
  systolic: [
    [61, 79, 80, 60, 100, 50, 130, 45],
    [81, 99, 100, 80, 120, 70, 150, 60],
    [91, 109, 110, 90, 125, 75, 160, 65],
    [91, 119, 120, 90, 140, 80, 170, 70],
    [101, 129, 130, 100, 150, 85, 190, 75],
  ],
  respiratoryRate: [
    [30, 60, 61, 29, 81, 19, 91, 15],
    [25, 50, 51, 24, 71, 19, 81, 15],
    [20, 40, 41, 19, 61, 15, 71, 12],
    [20, 30, 31, 19, 41, 14, 51, 10],
    [12, 16, 17, 11, 23, 10, 30, 9],
  ],
};
const months = [1, 6, 24, 100, 160] as const;
const aged = (age: number) => ({ ageMonths: { from: age, until: age } });

const wellAt = (band: number): ScoreInputs => ({
  heartRate: table.heartRate[band]![0]!,
  systolic: table.systolic[band]![0]!,
  respiratoryRate: table.respiratoryRate[band]![0]!,
  capillaryRefill: 2,
  respiratoryEffort: 0,
  spo2: 98,
  onOxygen: 0,
});

const edges = Object.entries(table).flatMap(([item, ages]) =>
  ages.flatMap(([low0, high0, high1, low1, high2, low2, high4, low4], band) => {
    const edge = (value: number | undefined, points: number) => [item as Banded, band, value!, points] as const;
    return [
      edge(low0, 0),
      edge(high0, 0),
      edge(high1, 1),
      edge(low1, 1),
      edge(high2! - 1, 1),
      edge(low2! + 1, 1),
      edge(high2, 2),
      edge(low2, 2),
      edge(high4! - 1, 2),
      edge(low4! + 1, low4! + 1 > low2! ? 1 : 2),
      edge(high4, 4),
      edge(low4, 4),
      edge(high4! + 50, 4),
      edge(0, 4),
    ];
  }),
);

describe('Bedside PEWS', () => {
  it.each(edges)('%s in age band %d of %d is worth %d', (item, band, value, points) => {
    expect(scoreBedsidePews({ ...wellAt(band), [item]: value }, aged(months[band]!)).total).toBe(points);
  });

  it.each<readonly [ScoreInput, number, number]>([
    ['capillaryRefill', 2.9, 0],
    ['capillaryRefill', 3, 4],
    ['respiratoryEffort', 0, 0],
    ['respiratoryEffort', 1, 1],
    ['respiratoryEffort', 2, 2],
    ['respiratoryEffort', 3, 4],
    ['spo2', 95, 0],
    ['spo2', 94, 1],
    ['spo2', 91, 1],
    ['spo2', 90, 2],
    ['spo2', 0, 2],
    ['oxygenFlow', 0.5, 2],
    ['oxygenFlow', 3.9, 2],
    ['oxygenFlow', 4, 4],
    ['fio2', 21, 0],
    ['fio2', 22, 2],
    ['fio2', 49, 2],
    ['fio2', 50, 4],
  ])('%s of %d is worth %d', (input, value, points) => {
    expect(scoreBedsidePews({ ...wellAt(2), [input]: value }, aged(24)).total).toBe(points);
  });

  it.each([
    [2.97, 0],
    [3, 1],
    [11.97, 1],
    [12, 2],
    [48, 2],
    [48.03, 3],
    [144, 3],
    [144.03, 4],
    [200, 4],
  ])('at %d months uses age band %d', (age, band) => {
    expect(scoreBedsidePews({ ...wellAt(band), heartRate: table.heartRate[band]![4]! }, aged(age)).total).toBe(2);
  });

  it('is 26 at most, and 8 is a high alarm', () => {
    const worst = { heartRate: 250, systolic: 250, respiratoryRate: 100, capillaryRefill: 5, respiratoryEffort: 3 };
    const score = scoreBedsidePews({ ...worst, spo2: 60, fio2: 100 }, aged(24));
    expect(score).toMatchObject({ total: 26, band: 'critical', alarm: 'high' });
    const level = (inputs: ScoreInputs) => scoreBedsidePews({ ...wellAt(2), ...inputs }, aged(24));
    expect(level({ capillaryRefill: 3, respiratoryEffort: 3 })).toMatchObject({ total: 8, alarm: 'high' });
    expect(level({ capillaryRefill: 3, respiratoryEffort: 2, spo2: 94 })).toMatchObject({ total: 7, alarm: 'medium' });
    expect(level({ capillaryRefill: 3 })).toMatchObject({ total: 4, alarm: null });
  });

  it('is incomplete on oxygen of unknown amount, of which 2 points are certain', () => {
    const score = scoreBedsidePews({ ...wellAt(2), onOxygen: 1 }, aged(24));
    expect(score).toMatchObject({ total: null, partial: 2, missing: ['oxygenFlow'] });
  });

  it('of an unknown age counts what every age agrees on, and misses the date of birth where they differ', () => {
    const anyAge = { ageMonths: { from: 0, until: Infinity } };
    expect(scoreBedsidePews({ ...wellAt(2), heartRate: 250 }, anyAge).points['heartRate']).toBe(4);
    expect(scoreBedsidePews({ ...wellAt(2), heartRate: 130 }, anyAge)).toMatchObject({
      total: null,
      missing: ['birthDate'],
    });
  });

  it('does not fall when a value moves further from normal, at any age', () => {
    const item = fc.constantFrom<Banded>('heartRate', 'systolic', 'respiratoryRate');
    const distance = fc.integer({ min: 0, max: 200 });
    const side = fc.constantFrom(-1, 1);
    fc.assert(
      fc.property(item, fc.integer({ min: 0, max: 4 }), fc.tuple(distance, distance, side), (input, band, moved) => {
        const [one, other, direction] = moved;
        const at = (far: number): number => {
          const value = table[input][band]![0]! + direction * far;
          return scoreBedsidePews({ ...wellAt(band), [input]: value }, aged(months[band]!)).partial;
        };
        const normal = table[input][band]![1]! - table[input][band]![0]!;
        const [near, far] = [Math.min(one, other) + normal, Math.max(one, other) + normal];
        if (direction === 1) expect(at(near)).toBeLessThanOrEqual(at(far));
        else expect(at(near - normal)).toBeLessThanOrEqual(at(far - normal));
      }),
    );
  });

  it('lacks exactly what is taken away', () => {
    const inputs = Object.keys(wellAt(2)) as ScoreInput[];
    fc.assert(
      fc.property(fc.subarray(inputs, { minLength: 1 }), (taken) => {
        const rest = Object.fromEntries(
          Object.entries(wellAt(2)).filter(([input]) => !taken.some((each) => each === input)),
        );
        const score = scoreBedsidePews(rest, aged(24));
        expect([...score.missing].sort()).toEqual([...taken].sort());
        expect(score.total).toBeNull();
      }),
    );
  });
});
