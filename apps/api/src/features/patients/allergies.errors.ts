import { defineErrors, raiser } from '@hms/contracts';

export const allergyErrors = defineErrors({
  'allergy.not-found': { status: 404, title: 'This patient has no such allergy entry' },
  /** Change the entry that exists. */
  'allergy.duplicate': { status: 409, title: 'An active allergy to this substance is recorded already' },
  /** Refute or resolve them first, each with its reason. */
  'allergy.active-allergies': { status: 409, title: 'This patient has active allergies' },
  /** Record a new one instead. */
  'allergy.entered-in-error': { status: 409, title: 'This entry was an error and stays as it is' },
});

export const allergyError = raiser(allergyErrors);
