import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Hospital } from '../../hospitals/hospital.js';
import { deviceMap, readingOf, submissionOf } from '../../testing/telemetry-fakes.js';
import type { Submission } from '../submission.js';
import { Lanes } from './lanes.js';

const hospitals = ['a_', 'b_', 'c_'].map((slug, i) => {
  const hospital = new Hospital(`01900000-0000-7000-8000-00000000000${i}`, slug);
  hospital.replaceDevices(deviceMap(2, 1));
  return hospital;
});
const [flooding, quiet] = hospitals as [Hospital, Hospital];
const of = (hospital: Hospital, rows: number): Submission =>
  submissionOf(
    hospital,
    Array.from({ length: rows }, (_, i) => readingOf(1, i)),
  );
const rowsOf = (submissions: readonly Submission[]): number =>
  submissions.reduce((sum, { rows }) => sum + rows.length, 0);
const isOf = (hospital: Hospital) => (submission: Submission) => submission.content.hospital === hospital;

const limit = { id: 'l', vital: 'spo2', ward_id: null, patient_id: null, low: 85, high: null };
for (const hospital of hospitals) hospital.replaceDevices(deviceMap(2, 2, [limit]));
const criticalOf = (hospital: Hospital, rows: number): Submission =>
  submissionOf(
    hospital,
    Array.from({ length: rows }, (_, i) => readingOf(1, i, { spo2: 70 })),
  );

function filled(submissions: readonly Submission[]): Lanes {
  const lanes = new Lanes();
  for (const submission of submissions) lanes.push(submission);
  return lanes;
}

describe('lanes', () => {
  it('let a hospital that sends little pass one that floods', () => {
    const flood = Array.from({ length: 100 }, () => of(flooding, 100));
    const lanes = filled([...flood, of(quiet, 50)]);
    const first = lanes.take(1_000);
    expect(first.filter(isOf(quiet))).toHaveLength(1);
    expect(first.findIndex(isOf(quiet))).toBe(2);
    expect([rowsOf(first), lanes.rows, lanes.rowsOf(flooding)]).toEqual([950, 9_100, 9_100]);
  });

  it('give two that flood the same number of rows, whatever the size of their batches', () => {
    const lanes = filled([
      ...Array.from({ length: 2_000 }, () => of(flooding, 1)),
      ...Array.from({ length: 20 }, () => of(quiet, 100)),
    ]);
    const taken = lanes.take(2_000);
    expect(rowsOf(taken.filter(isOf(flooding)))).toBe(rowsOf(taken.filter(isOf(quiet))));
  });

  it('spend all on one that is alone, and keep its order', () => {
    const all = [300, 1, 5_000, 2].map((rows) => of(flooding, rows));
    const lanes = filled(all);
    expect(lanes.take(4_000)).toEqual(all.slice(0, 2));
    expect(lanes.take(4_000)).toEqual(all.slice(2, 3));
    expect(lanes.take(4_000)).toEqual(all.slice(3));
    expect([lanes.isEmpty, lanes.rows, lanes.take(4_000)]).toEqual([true, 0, []]);
  });

  it('let what is beyond a limit pass all that waits, of its own hospital and of others', () => {
    const flood = [flooding, quiet].flatMap((hospital) => Array.from({ length: 100 }, () => of(hospital, 100)));
    const critical = [criticalOf(quiet, 1), criticalOf(flooding, 10)];
    expect(
      filled([...flood, ...critical])
        .take(1_000)
        .slice(0, 2),
    ).toEqual(critical);
    // Control: in their turn they would come after 20,000 rows.
    expect(filled([...flood, of(quiet, 1)]).take(1_000)).not.toContain(critical[0]);
  });

  it('give a hospital to which everything is critical no more than its share', () => {
    const lanes = filled([
      ...Array.from({ length: 300 }, () => criticalOf(flooding, 50)),
      ...Array.from({ length: 300 }, () => of(quiet, 50)),
    ]);
    const taken = [lanes.take(1_000), lanes.take(1_000), lanes.take(1_000)].flat();
    const [more, less] = [rowsOf(taken.filter(isOf(flooding))), rowsOf(taken.filter(isOf(quiet)))];
    expect(more - less).toBeLessThanOrEqual(2 * (200 + 50));
    expect(less).toBeGreaterThanOrEqual(1_250);
  });

  it('let many to whom everything is critical hold up another for one flush at most', () => {
    const many = Array.from({ length: 30 }, (_, i) => {
      const hospital = new Hospital(`01900000-0000-7000-8000-0000000001${10 + i}`, `many_${i}x`);
      hospital.replaceDevices(deviceMap(2, 2, [limit]));
      return hospital;
    });
    const lanes = filled([
      of(quiet, 1),
      ...many.flatMap((each) => Array.from({ length: 20 }, () => criticalOf(each, 100))),
    ]);
    const flushes = [lanes.take(4_000), lanes.take(4_000), lanes.take(4_000)];
    expect(flushes.findIndex((flush) => flush.some(isOf(quiet)))).toBeLessThanOrEqual(1);
  });

  it('lose nothing, keep the order of each hospital, and none waits longer than a turn of each', () => {
    const sent = fc.array(fc.tuple(fc.constantFrom(...hospitals), fc.integer({ min: 1, max: 300 })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(sent, fc.integer({ min: 1, max: 1_000 }), (all, maxRows) => {
        const submissions = all.map(([hospital, rows]) => of(hospital, rows));
        const lanes = filled(submissions);
        const out: Submission[] = [];
        for (let taken = lanes.take(maxRows); taken.length > 0; taken = lanes.take(maxRows)) {
          expect(rowsOf(taken) <= maxRows || taken.length === 1).toBe(true);
          out.push(...taken);
        }
        expect(out).toHaveLength(submissions.length);
        for (const hospital of hospitals) {
          expect(out.filter(isOf(hospital))).toEqual(submissions.filter(isOf(hospital)));
          const before = out.slice(0, Math.max(0, out.findIndex(isOf(hospital))));
          // Deficit round robin owes nobody more than a quantum and a batch a turn; a batch may take two turns to earn.
          expect(rowsOf(before)).toBeLessThanOrEqual(2 * (hospitals.length - 1) * (200 + 300));
        }
      }),
    );
  });
});
