import { describe, expect, it } from '@jest/globals';
import { hospitalWith, patientOf, readingOf, submissionOf } from '../../testing/telemetry-fakes.js';
import { insertDirty } from './dirty-stretches.js';
import { groupByHospital, type HospitalGroup } from './hospital-group.js';
import { oldestFresh } from './fresh.js';

const minute = 60_000_000;
/** Three devices, of which the last is on nobody. */
const hospital = hospitalWith(3);
const groupOf = (...readings: [device: number, minutes: number][]): HospitalGroup => {
  const all = readings.map(([device, minutes]) => readingOf(device, minutes * minute));
  const [group] = groupByHospital([submissionOf(hospital, all)]);
  if (!group) throw new Error('no group');
  return group;
};
/** Patient and minutes of each stretch. */
const stretches = (group: HospitalGroup, before: number): [string, number, number][] =>
  insertDirty(group, before * minute).flatMap((statement) =>
    [...statement.matchAll(/\('(\S+)', \D+'epoch' \+ (\d+) \D+'1 \w+', \D+'epoch' \+ (\d+)/g)].map(
      ([, patient = '', since, until]) => [patient, Number(since) / minute, Number(until) / minute] as const,
    ),
  ) as [string, number, number][];

describe('what is to be summed up again', () => {
  it('are the readings of patients before that time, those near each other together', () => {
    const group = groupOf([1, 30], [2, 5], [1, 0], [1, 14], [1, 100], [3, 1]);
    expect(stretches(group, 100)).toEqual([
      [patientOf(1), 0, 14],
      [patientOf(1), 30, 30],
      [patientOf(2), 5, 5],
    ]);
  });

  it('is nothing when all are younger or of nobody', () => {
    expect(insertDirty(groupOf([1, 30], [3, 1]), 30 * minute)).toEqual([]);
  });
});

describe('the oldest fresh reading of a flush', () => {
  it('is at most ten minutes older than the flush, and of somebody', () => {
    expect(oldestFresh(groupOf([1, 3], [3, 11], [2, 12], [1, 20]).rows, 21 * minute)).toBe(12 * minute);
    expect(oldestFresh(groupOf([1, 3], [3, 20]).rows, 21 * minute)).toBe(Infinity);
  });
});
