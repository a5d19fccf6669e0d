import { defineErrors, raiser } from '@hms/contracts';

export const firebaseErrors = defineErrors({
  /** No Firebase project is configured here. */
  'firebase.disabled': { status: 404, title: 'Signing in with another provider is not offered here' },
  /** Forged, expired, of another project, or no ID token. Sign in with the provider again. */
  'firebase.token-invalid': { status: 401, title: 'The ID token is not valid' },
  /** The provider's keys cannot be had. Sessions that are open go on. */
  'firebase.unavailable': { status: 503, title: 'The sign-in provider does not answer', retryAfter: 30 },
  /** A first sign-in needs an e-mail address the provider has verified. */
  'firebase.email-unverified': { status: 403, title: 'Verify your e-mail address with the provider first' },
  /** An account of staff signs in with its password and second factor. */
  'firebase.staff-account': { status: 403, title: 'Staff sign in with their password' },
  /** A first sign-in says at which hospital the person is a patient. */
  'firebase.hospital-required': { status: 422, title: 'Say which hospital you are a patient of' },
  'firebase.hospital-unknown': { status: 422, title: 'There is no such hospital' },
  /** The account is closed. */
  'firebase.account-disabled': { status: 403, title: 'This account is closed' },
});

export const firebaseError = raiser(firebaseErrors);
