import { describe, expect, it } from '@jest/globals';
import { hospitalWith, readingOf, submissionOf } from '../../testing/telemetry-fakes.js';
import { HospitalGroup } from './hospital-group.js';
import { insertStatedPatients, jsonOfStated } from './stated-patients.js';

/** Device 2 is on nobody. */
const hospital = hospitalWith(2);
const patient = { ids: ['p'], mrns: ['m'] };
const group = (...readings: Parameters<typeof submissionOf>[1]): HospitalGroup =>
  new HospitalGroup(hospital, hospital.latestDevices, [submissionOf(hospital, readings)]);

describe('whom a sender names', () => {
  it('is kept with readings of nobody, and only where it is said', () => {
    const named = { ...readingOf(2, 10), patient };
    expect(insertStatedPatients(group(named, readingOf(2, 20), { ...readingOf(1, 10), patient }))).toEqual([
      expect.stringMatching(/values \(2, [^,]*, \(convert_from\([^)]*\)[^)]*\)::jsonb\) on conflict do nothing$/s),
    ]);
    expect(insertStatedPatients(group(readingOf(2, 20), { ...readingOf(1, 10), patient }))).toEqual([]);
  });

  it('is text the database can keep, whatever it is', () => {
    const hostile = `${'x'.repeat(199)}\ud83d\ude00`;
    expect(JSON.parse(jsonOfStated({ ids: ['a\0b', '\ud800'], mrns: [hostile] }))).toEqual({
      ids: ['a\ufffdb', '\ufffd'],
      mrns: [`${'x'.repeat(199)}\ufffd`],
    });
  });
});
