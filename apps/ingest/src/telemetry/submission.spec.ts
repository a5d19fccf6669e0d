import { describe, expect, it } from '@jest/globals';
import { deviceMap, hospitalWith, readingOf, submissionOf } from '../testing/telemetry-fakes.js';
import { Submission } from './submission.js';

const hospital = hospitalWith(4);

describe('a receipt', () => {
  it('counts each reading of the batch once, and says which were refused, in order', () => {
    const readings = [readingOf(1, 10), readingOf(9, 10), readingOf(4, 10), readingOf(2, 10), readingOf(3, 10)];
    const submission = submissionOf(hospital, readings);
    const [first, , third] = submission.rows;
    submission.refuse(new Set(third ? [third] : []));
    expect(submission.receipt(new Set(first ? [first] : []))).toEqual({
      accepted: 2,
      duplicates: 1,
      unassigned: 1,
      rejected: [
        { i: 1, code: 'unknown_device', field: 'd' },
        { i: 3, code: 'not_storable' },
      ],
      rejectedTotal: 2,
    });
  });

  it('lists a hundred refusals at most, and counts all', () => {
    const submission = submissionOf(
      hospital,
      Array.from({ length: 150 }, () => readingOf(9, 10)),
    );
    const { rejected, rejectedTotal } = submission.receipt();
    expect([rejected.length, rejectedTotal]).toEqual([100, 150]);
  });

  it('echoes the key the client chose, and no other', () => {
    const content = { hospital, gatewayId: 'gw', lateBefore: 0, readings: [], rejected: [] };
    const receiptFor = (stated: boolean): object =>
      new Submission(
        { ...content, identity: { day: '2026-01-01', key: 'k', stated, bodyHash: 0n } },
        deviceMap(1),
        0,
      ).receipt();
    expect(receiptFor(true)).toHaveProperty('batch', 'k');
    expect(receiptFor(false)).not.toHaveProperty('batch');
  });
});

describe('resolving again', () => {
  it('finds what was unknown before, and forgets what is gone, but not what was refused', () => {
    const submission = submissionOf(hospital, [readingOf(1, 10), readingOf(2, 10), readingOf(6, 10)]);
    const [first] = submission.rows;
    submission.refuse(new Set(first ? [first] : []));
    submission.resolveWith(deviceMap(7, 2));
    expect(submission.rows.map(({ device }) => device.no)).toEqual([2, 6]);
    submission.resolveWith(deviceMap(1, 3));
    expect(submission.rows).toEqual([]);
    expect(submission.receipt().rejected.map(({ code }) => code)).toEqual([
      'not_storable',
      'unknown_device',
      'unknown_device',
    ]);
  });
});
