import { commonErrors, defineErrors, raiser } from '@hms/contracts';

export const accessErrors = defineErrors({
  'auth.unauthenticated': commonErrors['auth.unauthenticated'],
  'auth.forbidden': commonErrors['auth.forbidden'],
  /** A super_admin acts on the platform; the route works inside one hospital. */
  'auth.no-hospital': { status: 403, title: 'Choose a hospital first' },
});

export const accessError = raiser(accessErrors);
