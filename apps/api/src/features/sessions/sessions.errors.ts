import { defineErrors, raiser } from '@hms/contracts';

export const sessionErrors = defineErrors({
  /** Unknown, ended already, or not one the caller may end. */
  'session.not-found': { status: 404, title: 'There is no such session' },
});

export const sessionError = raiser(sessionErrors);
