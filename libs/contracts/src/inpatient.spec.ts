import { describe, expect, it } from '@jest/globals';
import {
  admissionMayMove,
  admissionMoves,
  admissionStates,
  bedMayMove,
  bedMoves,
  bedStatuses,
  departures,
  stayingStates,
  type AdmissionState,
  type BedStatus,
} from './inpatient.js';

function reachedFrom<State extends string>(
  first: State,
  moves: Readonly<Record<State, readonly State[]>>,
): ReadonlySet<State> {
  const reached = new Set<State>([first]);
  for (const from of reached) for (const to of moves[from]) reached.add(to);
  return reached;
}

describe('the states of an admission', () => {
  it('are all reached from a request', () => {
    expect([...reachedFrom<AdmissionState>('requested', admissionMoves)].sort()).toEqual([...admissionStates].sort());
  });

  it('let nobody leave who has not come, and cancel nobody who has', () => {
    const isStay = (state: AdmissionState) => (stayingStates as readonly string[]).includes(state);
    for (const from of admissionStates) {
      for (const to of departures) if (admissionMayMove(from, to)) expect(isStay(from)).toBe(true);
      if (isStay(from)) expect(admissionMayMove(from, 'cancelled')).toBe(false);
    }
  });

  it('discharge only those who are ready', () => {
    expect(admissionStates.filter((from) => admissionMayMove(from, 'discharged'))).toEqual(['discharge_ready']);
  });

  it('are over once the patient has left', () => {
    for (const end of [...departures, 'cancelled'] as const) expect(admissionMoves[end]).toEqual([]);
  });
});

describe('the states of a bed', () => {
  it('are all reached, and all lead back to an available bed', () => {
    for (const from of bedStatuses) {
      expect([...reachedFrom<BedStatus>(from, bedMoves)].sort()).toEqual([...bedStatuses].sort());
    }
  });

  it('make no bed free that was left and not cleaned', () => {
    expect(bedMoves.occupied).toEqual(['cleaning']);
    expect(bedStatuses.filter((from) => bedMayMove(from, 'occupied'))).toEqual(['available', 'reserved']);
  });
});
