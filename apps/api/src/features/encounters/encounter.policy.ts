import { commonError, invalidField, refusalOfEncounterMove, type EncounterStatus } from '@hms/contracts';
import type { Identity } from '../../platform/access/actor.js';
import { encounterError } from './encounters.errors.js';
import type { MoveEncounterDto, OpenEncounterDto } from './encounters.dto.js';

/** @throws `request.invalid` for a plan without a time, or a time without a plan */
export function assertMayOpen({ status, plannedFor }: OpenEncounterDto): void {
  if (status === 'planned' && plannedFor === undefined)
    throw invalidField('plannedFor', 'required', 'must say when the patient is expected');
  if (status === 'arrived' && plannedFor !== undefined)
    throw invalidField('plannedFor', 'status', 'is of an encounter that is planned');
}

/** What decides how an encounter may go on. */
export interface Standing {
  readonly class: string;
  readonly status: EncounterStatus;
  readonly disposition: string | null;
  readonly endedAt: Date | null;
}

/**
 * May an encounter that stands like this be moved so, by this person?
 * @throws `auth.forbidden`, `encounter.of-admission`, `encounter.illegal-move`, or `request.invalid` when the move lacks what it
 * needs or says what belongs to another
 */
export function assertMayMove(
  { permissions }: Pick<Identity, 'permissions'>,
  { endedAt, ...current }: Standing,
  move: MoveEncounterDto,
): void {
  const refusal = refusalOfEncounterMove(permissions, { ...current, hasEnded: endedAt !== null }, move);
  if (!refusal) return;
  if (refusal.why === 'invalid') throw invalidField(refusal.field, refusal.code, refusal.message);
  if (refusal.why === 'forbidden') throw commonError('auth.forbidden');
  if (refusal.why === 'of-admission') throw encounterError('encounter.of-admission');
  throw encounterError('encounter.illegal-move', { detail: `It is ${current.status}, not to be ${move.status}` });
}
