import type { Permission } from './permissions.js';

/** FHIR Encounter.status of R4, as this platform uses it. */
export const encounterStatuses = [
  'planned',
  'arrived',
  'triaged',
  'in-progress',
  'onleave',
  'finished',
  'cancelled',
  'entered-in-error',
] as const;
export type EncounterStatus = (typeof encounterStatuses)[number];

/** What each state may become. Total: what is not named is refused, here and by the database (guard_encounter). */
export const encounterMoves: Readonly<Record<EncounterStatus, readonly EncounterStatus[]>> = {
  planned: ['arrived', 'cancelled', 'entered-in-error'],
  arrived: ['triaged', 'in-progress', 'cancelled', 'entered-in-error'],
  // Somebody who leaves unseen has been triaged all the same: that is finished, and not cancelled.
  triaged: ['in-progress', 'finished', 'entered-in-error'],
  'in-progress': ['onleave', 'finished', 'entered-in-error'],
  onleave: ['in-progress', 'finished', 'entered-in-error'],
  finished: ['entered-in-error'],
  cancelled: ['entered-in-error'],
  'entered-in-error': [],
};

export const encounterMayMove = (from: EncounterStatus, to: EncounterStatus): boolean =>
  encounterMoves[from].includes(to);

/** HL7 v3 ActCode: ambulatory, emergency, inpatient, virtual, home health. */
export const encounterClasses = ['AMB', 'EMER', 'IMP', 'VR', 'HH'] as const;
export type EncounterClass = (typeof encounterClasses)[number];

/** How an encounter ended for the patient. */
export const dispositions = [
  'home',
  'admitted',
  'transferred',
  'left-against-advice',
  'left-unseen',
  'deceased',
  'other',
] as const;
export type Disposition = (typeof dispositions)[number];

/** CMS present-on-admission indicator: yes, no, not documented, clinically undetermined. */
export const presentOnAdmission = ['Y', 'N', 'U', 'W'] as const;
export type PresentOnAdmission = (typeof presentOnAdmission)[number];

/** What decides how an encounter may go on. */
export interface EncounterStanding {
  readonly class: string;
  readonly status: EncounterStatus;
  readonly disposition: string | null;
  readonly hasEnded: boolean;
}

export interface EncounterMove {
  readonly status: EncounterStatus;
  readonly acuity?: number | undefined;
  readonly disposition?: string | undefined;
  readonly reason?: string | undefined;
}

/** Why an encounter is not moved so; of an `invalid` move one field lacks what it needs, or says what belongs to another. */
export type EncounterMoveRefusal =
  | { readonly why: 'forbidden' | 'of-admission' | 'illegal-move' }
  | {
      readonly why: 'invalid';
      readonly field: Exclude<keyof EncounterMove, 'status'>;
      readonly code: 'required' | 'status';
      readonly message: string;
    };

/** What those at the desk may do; the rest is for those who care. */
const atTheDesk: readonly EncounterStatus[] = ['arrived', 'cancelled'];

/** May an encounter that stands like this be moved so, with these rights? Undefined when it may. */
export function refusalOfEncounterMove(
  permissions: ReadonlySet<Permission>,
  current: EncounterStanding,
  move: EncounterMove,
): EncounterMoveRefusal | undefined {
  const { status: to } = move;
  if (!atTheDesk.includes(to) && !permissions.has('encounter:conduct')) return { why: 'forbidden' };
  // The stay of an inpatient goes on with its admission; what is left after it are the records.
  if (current.class === 'IMP' && (to !== 'finished' || !current.hasEnded)) return { why: 'of-admission' };
  if (!encounterMayMove(current.status, to)) return { why: 'illegal-move' };
  return missingIn(current, move);
}

function missingIn(
  current: EncounterStanding,
  { status: to, acuity, disposition, reason }: EncounterMove,
): EncounterMoveRefusal | undefined {
  const why = 'invalid';
  if (to === 'triaged' && acuity === undefined)
    return { why, field: 'acuity', code: 'required', message: 'must say how urgent it is, 1 to 5' };
  if (to !== 'triaged' && acuity !== undefined)
    return { why, field: 'acuity', code: 'status', message: 'is said with triaged' };
  if (to === 'finished' && disposition === undefined && current.disposition === null)
    return { why, field: 'disposition', code: 'required', message: 'must say where the patient went' };
  if (to !== 'finished' && disposition !== undefined)
    return { why, field: 'disposition', code: 'status', message: 'is said with finished' };
  if ((to === 'cancelled' || to === 'entered-in-error') && reason === undefined)
    return { why, field: 'reason', code: 'required', message: 'must say why' };
  return undefined;
}
