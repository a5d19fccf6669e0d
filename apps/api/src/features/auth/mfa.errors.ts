import { defineErrors, raiser } from '@hms/contracts';

export const mfaErrors = defineErrors({
  /**
   * The password was right. Send `challenge` with a code to `POST /auth/mfa/verify` within `expiresIn` seconds; it takes
   * five tries.
   */
  'auth.mfa-required': { status: 401, title: 'Give the code of your authenticator' },
  /** Unknown, older than five minutes, used, or tried five times: sign in again. */
  'auth.mfa-challenge-invalid': { status: 401, title: 'Start again with your password' },
  /** Wrong, too old, or used before: a code counts once, so wait for the next one. */
  'auth.mfa-code-invalid': { status: 401, title: 'This code does not count' },
  /** The same for somebody who is signed in already. */
  'mfa.code-refused': { status: 422, title: 'This code does not count' },
  /** Sign in again, then repeat the request within 5 minutes. */
  'mfa.proof-required': { status: 403, title: 'Prove again who you are' },
  /** Disable the present authenticator first. */
  'mfa.already-enrolled': { status: 409, title: 'An authenticator is set up already' },
  /** Ask for a secret first. */
  'mfa.not-enrolled': { status: 409, title: 'No authenticator is set up' },
  /** Disable it with a code or a recovery code, or let another administrator reset it. */
  'mfa.own-reset': { status: 409, title: 'Nobody resets their own second factor' },
  /** The account reaches beyond this hospital: the platform's administrators reset it. */
  'mfa.shared-account': { status: 409, title: 'This person works elsewhere too' },
});

export const mfaError = raiser(mfaErrors);
