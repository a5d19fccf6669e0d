import { describe, expect, it } from '@jest/globals';
import { permissionsOf, type EncounterStatus } from '@hms/contracts';
import { assertMayMove, assertMayOpen, type Standing } from './encounter.policy.js';
import type { MoveEncounterDto } from './encounters.dto.js';

const [nurse, desk] = [{ permissions: permissionsOf(['nurse']) }, { permissions: permissionsOf(['receptionist']) }];
const standing = (status: EncounterStatus, more: Partial<Standing> = {}): Standing => ({
  ...{ class: 'AMB', status, disposition: null, endedAt: null },
  ...more,
});
const refusal = (who: typeof nurse, from: Standing, move: MoveEncounterDto): string | undefined => {
  try {
    assertMayMove(who, from, move);
    return undefined;
  } catch (err) {
    return (err as { code: string }).code;
  }
};

describe('an encounter', () => {
  it('is planned for a time, and arrived at none but now', () => {
    expect(() => assertMayOpen({ class: 'AMB', status: 'planned' })).toThrow();
    expect(() => assertMayOpen({ class: 'AMB', status: 'arrived', plannedFor: new Date(0) })).toThrow();
    expect(() => assertMayOpen({ class: 'AMB', status: 'planned', plannedFor: new Date(0) })).not.toThrow();
  });

  it.each<[string, typeof nurse, EncounterStatus, MoveEncounterDto, string | undefined]>([
    ['may be taken in at the desk', desk, 'planned', { status: 'arrived' }, undefined],
    ['may be cancelled at the desk, with a reason', desk, 'planned', { status: 'cancelled', reason: 'ill' }, undefined],
    ['is not cancelled without a reason', desk, 'planned', { status: 'cancelled' }, 'request.invalid'],
    ['is not conducted at the desk', desk, 'arrived', { status: 'in-progress' }, 'auth.forbidden'],
    ['is triaged with an acuity', nurse, 'arrived', { status: 'triaged', acuity: 2 }, undefined],
    ['is not triaged without one', nurse, 'arrived', { status: 'triaged' }, 'request.invalid'],
    ['is finished with a disposition', nurse, 'in-progress', { status: 'finished', disposition: 'home' }, undefined],
    ['is not finished without one', nurse, 'in-progress', { status: 'finished' }, 'request.invalid'],
    ['says how urgent it is at triage only', desk, 'planned', { status: 'arrived', acuity: 1 }, 'request.invalid'],
    [
      'says how it ended at its end only',
      desk,
      'planned',
      { status: 'arrived', disposition: 'home' },
      'request.invalid',
    ],
    [
      'is not cancelled once it began',
      nurse,
      'in-progress',
      { status: 'cancelled', reason: 'x' },
      'encounter.illegal-move',
    ],
  ])('%s', (_, who, from, move, expected) => {
    expect(refusal(who, standing(from), move)).toBe(expected);
  });

  it('of an inpatient goes on with the admission; once the patient has left, its records are finished', () => {
    const inBed = standing('in-progress', { class: 'IMP' });
    expect(refusal(nurse, inBed, { status: 'finished', disposition: 'home' })).toBe('encounter.of-admission');
    expect(refusal(nurse, standing('planned', { class: 'IMP' }), { status: 'arrived' })).toBe('encounter.of-admission');
    const left = { ...inBed, endedAt: new Date(0), disposition: 'deceased' };
    expect(refusal(nurse, left, { status: 'finished' })).toBeUndefined();
  });
});
