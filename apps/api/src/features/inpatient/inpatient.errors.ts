import { defineErrors, raiser } from '@hms/contracts';

export const inpatientErrors = defineErrors({
  /** Unknown, of another hospital, or on a ward this caller does not work on: one answer for all three. */
  'admission.not-found': { status: 404, title: 'There is no such admission' },
  'admission.patient-has-one': { status: 409, title: 'The patient is admitted, or about to be' },
  'admission.encounter-open': { status: 409, title: 'The patient has another inpatient encounter that has not ended' },
  /** Cancelling the admission and requesting another goes on. */
  'admission.encounter-over': { status: 409, title: 'The encounter of the admission ended before the patient came' },
  'admission.illegal-move': { status: 409, title: 'The admission does not go from its state to that one' },
  /** Unknown, of another hospital, or on a ward this caller does not work on. */
  'bed.not-found': { status: 404, title: 'There is no such bed' },
  /** `freeBeds` are beds of the same ward that are. */
  'bed.not-free': { status: 409, title: 'The bed is not free at that time' },
  'bed.illegal-move': { status: 409, title: 'The bed does not go from its state to that one' },
  'bed.in-use': { status: 409, title: 'The bed is in use' },
  'room.name-taken': { status: 409, title: 'This ward has a room of this name' },
  'transfer-request.not-found': { status: 404, title: 'There is no such open request' },
  'transfer-request.open': { status: 409, title: 'Another ward is asked to take the patient already' },
  /** `openItems` says what is left: settle each, or waive it with a reason. */
  'discharge.open-items': { status: 409, title: 'Something is left to do before the patient may go' },
});

export const inpatientError = raiser(inpatientErrors);
