import { invalidField } from '@hms/contracts';
import { activeStatuses } from './condition.terms.js';
import type { ConditionDto, CreateConditionDto, UpdateConditionDto } from './conditions.dto.js';
import { conditionError } from './conditions.errors.js';

/** What the rules of a problem are about. */
type Course = Pick<ConditionDto, 'clinicalStatus' | 'onsetDate' | 'abatementDate'>;
export type Standing = Course & Pick<ConditionDto, 'verificationStatus'>;

/** @throws `request.invalid` for dates that do not fit together */
export function assertMayRecord({
  clinicalStatus = 'active',
  onsetDate = null,
  abatementDate = null,
}: CreateConditionDto): void {
  assertCoherent({ clinicalStatus, onsetDate, abatementDate });
}

/**
 * May an entry that stands like this be changed so?
 * @throws `condition.entered-in-error`, or `request.invalid` when a reason is missing or dates do not fit together
 */
export function assertMayChange(current: Standing, change: UpdateConditionDto): void {
  if (current.verificationStatus === 'entered-in-error') throw conditionError('condition.entered-in-error');
  if (change.verificationStatus === 'entered-in-error' && !change.statusReason)
    throw invalidField('statusReason', 'required', 'must say why the entry is an error');
  const { clinicalStatus, onsetDate, abatementDate } = change;
  if (clinicalStatus === undefined && onsetDate === undefined && abatementDate === undefined) return;
  assertCoherent({
    clinicalStatus: clinicalStatus ?? current.clinicalStatus,
    onsetDate: onsetDate === undefined ? current.onsetDate : onsetDate,
    abatementDate: abatementDate === undefined ? current.abatementDate : abatementDate,
  });
}

/** FHIR's con-4 among them: what has ended is not active. */
function assertCoherent({ clinicalStatus, onsetDate, abatementDate }: Course): void {
  if (abatementDate === null) return;
  if (onsetDate !== null && abatementDate < onsetDate)
    throw invalidField('abatementDate', 'order', 'must not be before onsetDate');
  if (activeStatuses.includes(clinicalStatus))
    throw invalidField('abatementDate', 'status', `is of a problem that has ended, not one that is ${clinicalStatus}`);
}
