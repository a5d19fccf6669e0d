import { defineErrors, raiser } from '@hms/contracts';

export const hospitalErrors = defineErrors({
  'hospital.not-found': { status: 404, title: 'There is no such hospital' },
  /** `detail` says what the hospital is and what was asked of it. */
  'hospital.illegal-status': { status: 409, title: 'The hospital cannot do that now' },
});

export const hospitalError = raiser(hospitalErrors);
