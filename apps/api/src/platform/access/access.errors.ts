import { commonErrors, defineErrors, raiser } from '@hms/contracts';

export const accessErrors = defineErrors({
  'auth.unauthenticated': commonErrors['auth.unauthenticated'],
  /** Sign in again. How long a session may rest depends on its kind. */
  'auth.session-idle': { status: 401, title: 'You were signed out after a time without activity' },
  /** Sign in again. Sessions have a longest life, however busy they are. */
  'auth.session-expired': { status: 401, title: 'The session has lasted as long as it may' },
  /** The user holds a role that needs a second factor, and this session has none: enrol one, or sign in with it. */
  'auth.second-factor-missing': { status: 403, title: 'Your role needs a second factor' },
  'auth.forbidden': commonErrors['auth.forbidden'],
  /** A super_admin acts on the platform; the route works inside one hospital. */
  'auth.no-hospital': { status: 403, title: 'Choose a hospital first' },
});

export const accessError = raiser(accessErrors);
