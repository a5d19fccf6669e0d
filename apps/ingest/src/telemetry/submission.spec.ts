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

describe('a submission that is stored as a whole', () => {
  const whole = (...readings: ReturnType<typeof readingOf>[]): Submission =>
    submissionOf(hospital, readings, 0, { whole: true });

  it('has no rows once a device is gone, and all of them when it is back', () => {
    const submission = whole(readingOf(1, 10), readingOf(3, 10));
    expect(submission.rows).toHaveLength(2);
    submission.resolveWith(deviceMap(2, 2));
    expect([submission.rows, submission.breaches]).toEqual([[], []]);
    expect(submission.receipt()).toMatchObject({ accepted: 0, rejected: [{ i: 1, code: 'unknown_device' }] });
    submission.resolveWith(deviceMap(4, 3));
    expect(submission.rows).toHaveLength(2);
  });

  it('has none when the database refuses one of them, whatever others it is stored with', () => {
    const submission = whole(readingOf(1, 10), readingOf(2, 10));
    const [row] = submission.rows;
    const other = whole(readingOf(1, 20));
    const poison = new Set(row ? [row] : []);
    for (const each of [submission, other]) each.refuse(poison);
    expect(submission.receipt()).toMatchObject({ accepted: 0, rejected: [{ i: 0, code: 'not_storable' }] });
    expect(other.rows).toHaveLength(1);
    submission.resolveWith(deviceMap(4, 2));
    expect(submission.rows).toEqual([]);
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
