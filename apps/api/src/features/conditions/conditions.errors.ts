import { defineErrors, raiser } from '@hms/contracts';

export const conditionErrors = defineErrors({
  'condition.not-found': { status: 404, title: 'This patient has no such problem entry' },
  /** Change the entry that exists: `conditionId` names it. */
  'condition.duplicate': { status: 409, title: 'This problem is on the list already' },
  /** Record a new one instead. */
  'condition.entered-in-error': { status: 409, title: 'This entry was an error and stays as it is' },
});

export const conditionError = raiser(conditionErrors);
