import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { appointmentMoves, appointmentStatuses, blocks, mayMove, type AppointmentStatus } from './appointments.js';

const status = fc.constantFrom(...appointmentStatuses);
/** A history as anybody could ask for it: moves that are refused change nothing. */
const walk = (asked: readonly AppointmentStatus[]): AppointmentStatus[] =>
  asked.reduce<AppointmentStatus[]>(
    (seen, to) => (mayMove(seen.at(-1) ?? 'held', to) ? [...seen, to] : seen),
    ['held'],
  );

describe('the states of an appointment', () => {
  it('say of every pair whether it may be, and never lead back', () => {
    fc.assert(
      fc.property(fc.array(status, { maxLength: 40 }), (asked) => {
        const seen = walk(asked);
        expect(new Set(seen).size).toBe(seen.length);
      }),
    );
  });

  it('never take up a seat again that was given back', () => {
    for (const from of appointmentStatuses) {
      if (!blocks(from)) expect(appointmentMoves[from].filter(blocks)).toEqual([]);
    }
  });

  it('can all be called an error, once', () => {
    for (const from of appointmentStatuses) {
      expect(mayMove(from, 'entered_in_error')).toBe(from !== 'entered_in_error');
    }
  });

  it('are all reached from a hold', () => {
    const reached = new Set<AppointmentStatus>(['held']);
    for (const from of reached) for (const to of appointmentMoves[from]) reached.add(to);
    expect([...reached].sort()).toEqual([...appointmentStatuses].sort());
  });

  it('miss nobody who has come', () => {
    expect(appointmentStatuses.filter((from) => mayMove(from, 'no_show'))).toEqual(['booked', 'confirmed']);
  });
});
