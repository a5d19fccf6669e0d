import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { schemaOf, type Hospital } from '@hms/database';
import fc from 'fast-check';
import { asOwner, createTestHospital, dropTestHospital } from '../../testing/test-hospital.js';
import { BookingHistories, history, type History } from './testing/booking-histories.js';

/*
 * Histories of bookings as anybody could make them, at once, against the real tables. What became of them is judged by a
 * query that knows nothing of constraints, and by a model that knows which seats can be free. HMS_BOOKING_HISTORIES says
 * how many.
 */

const runs = Number(process.env['HMS_BOOKING_HISTORIES'] ?? 1_000);
/** How many transactions there are at once. */
const writers = 4;

let hospital: Hospital;
let histories: BookingHistories;

beforeAll(async () => {
  hospital = await createTestHospital();
  histories = await BookingHistories.open(hospital, writers);
});

afterAll(async () => {
  await histories.close();
  await dropTestHospital(hospital);
});

const check = async (drawn: History): Promise<void> => {
  expect(await histories.run(drawn)).toEqual({ overlaps: [], refusals: [] });
};

describe('any history of holds, bookings, expiries, moves and cancellations at once', () => {
  it(`leaves no seat taken twice, and refuses nobody a seat that was free all the while (${runs} histories)`, async () => {
    await fc.assert(fc.asyncProperty(history(writers), check), { numRuns: runs, endOnFailure: true });
  }, 300_000);

  it('is found out without the constraint (control)', async () => {
    const schema = schemaOf(hospital.slug);
    await asOwner((owner) =>
      owner.query(`alter table ${schema}.appointment_resource drop constraint appointment_resource_no_overlap`),
    );
    const found = await fc.check(fc.asyncProperty(history(writers), check), { numRuns: 200, endOnFailure: true });
    expect(found.failed).toBe(true);
    expect(String(found.errorInstance)).toContain('overlaps');
  }, 60_000);
});
