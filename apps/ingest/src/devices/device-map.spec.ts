import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assignmentAt, type AssignmentRow, DeviceMap } from './device-map.js';

const patient = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const device = { device_no: 7, external_id: 'mon-7', gateway_id: 'gw', status: 'active' };
const assignment = (from: number, until: number | null, n: number): AssignmentRow => ({
  device_no: 7,
  patient_id: patient(n),
  mrn: `mrn-${n}`,
  ward_id: 'ward',
  from: String(from),
  until: until === null ? null : String(until),
});

describe('who wore a device', () => {
  it('is decided to the microsecond: from the start on, to the end and no further', () => {
    const map = new DeviceMap(1, [device], [assignment(300, null, 3), assignment(100, 200, 1)], []);
    const found = map.find('mon-7');
    const at = (micros: number): string | undefined => found && assignmentAt(found, micros)?.patientId;
    expect([99, 100, 199, 200, 299, 300, 1e15].map(at)).toEqual([
      undefined,
      patient(1),
      patient(1),
      undefined,
      undefined,
      patient(3),
      patient(3),
    ]);
  });

  it('is found among any number of assignments', () => {
    const bounds = fc.uniqueArray(fc.integer({ min: 0, max: 1_000 }), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(bounds, fc.array(fc.integer({ min: -10, max: 1_010 })), (all, times) => {
        const sorted = all.sort((a, b) => a - b);
        const rows = sorted.slice(1).flatMap((until, i) => (i % 3 === 0 ? [] : [assignment(sorted[i] ?? 0, until, i)]));
        const found = new DeviceMap(1, [device], rows, []).find('mon-7');
        for (const time of times) {
          const expected = rows.find(({ from, until }) => Number(from) <= time && time < Number(until));
          expect(found && assignmentAt(found, time)?.patientId).toBe(expected?.patient_id);
        }
      }),
    );
  });
});

describe('a patient', () => {
  it('has the bytes of the id, and a rank in its order', () => {
    const map = new DeviceMap(1, [device], [assignment(100, 200, 9), assignment(200, null, 4)], []);
    expect(map.find('mon-7')?.assignments).toMatchObject([
      { patientRank: 1, patientWords: [0, 0x7000, 0x80000000 | 0, 9] },
      { patientRank: 0, patientWords: [0, 0x7000, 0x80000000 | 0, 4] },
    ]);
  });
});
