import { describe, expect, it } from '@jest/globals';
import { encounterMayMove, encounterMoves, encounterStatuses, type EncounterStatus } from './encounters.js';

const over: readonly EncounterStatus[] = ['finished', 'cancelled', 'entered-in-error'];

describe('the states of an encounter', () => {
  it('are all reached from its plan', () => {
    const reached = new Set<EncounterStatus>(['planned']);
    for (const from of reached) for (const to of encounterMoves[from]) reached.add(to);
    expect([...reached].sort()).toEqual([...encounterStatuses].sort());
  });

  it('can all be called an error, once', () => {
    for (const from of encounterStatuses) {
      expect(encounterMayMove(from, 'entered-in-error')).toBe(from !== 'entered-in-error');
    }
  });

  it('do not begin again once it is over', () => {
    for (const from of over) expect(encounterMoves[from].filter((to) => !over.includes(to))).toEqual([]);
  });

  it('are cancelled only before anybody has looked at the patient', () => {
    expect(encounterStatuses.filter((from) => encounterMayMove(from, 'cancelled'))).toEqual(['planned', 'arrived']);
  });
});
