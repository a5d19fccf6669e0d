import { commonError } from '@hms/contracts';
import { allergyError } from './allergies.errors.js';
import type { UpdateAllergyDto } from './allergies.dto.js';

const needsReason = new Set(['refuted', 'entered-in-error']);

/**
 * May an entry that stands at `verificationStatus` be changed like this?
 * @throws `allergy.entered-in-error`, or `request.invalid` when the reason is missing
 */
export function assertMayChange(verificationStatus: string, change: UpdateAllergyDto): void {
  if (verificationStatus === 'entered-in-error') throw allergyError('allergy.entered-in-error');
  const next = change.verificationStatus ?? verificationStatus;
  const moves = next !== verificationStatus;
  // A reason that stands may be reworded, never taken away.
  if (!needsReason.has(next) || change.statusReason || (!moves && change.statusReason === undefined)) return;
  const message = `statusReason must say why the entry is ${next}`;
  throw commonError('request.invalid', { errors: [{ field: 'statusReason', code: 'required', message }] });
}
