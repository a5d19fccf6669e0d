import { defineErrors, raiser } from '@hms/contracts';

export const authErrors = defineErrors({
  /** Unknown e-mail, wrong password and disabled user are one answer: none of them is anybody's business. */
  'auth.invalid-credentials': { status: 401, title: 'E-mail or password is wrong' },
  /** Too many wrong guesses at this account, whether it exists or not; `Retry-After` says how long to wait. */
  'auth.too-many-attempts': { status: 429, title: 'Too many attempts, wait before the next one', retryAfter: 60 },
  /** The user works in several hospitals; `hospitals` lists them. Repeat the login with one of their slugs. */
  'auth.hospital-required': { status: 409, title: 'Say which hospital you sign in to' },
  'auth.not-a-member': { status: 403, title: 'You do not work in this hospital' },
  /** A password, a second factor or the account changed, or every session was ended, while this sign-in was under way. */
  'auth.sign-in-outdated': { status: 401, title: 'Sign in again' },
  /** `client: device` is for those who work away from a desk, none of them administrators. */
  'auth.device-refused': { status: 403, title: 'With these roles, sign in as web or shared-terminal' },
  /** The session came from another provider, whose word is good for patients only. */
  'auth.password-required': { status: 403, title: 'Sign in there with your password' },
  /** Unknown, expired or revoked. Sign in again. */
  'auth.refresh-invalid': { status: 401, title: 'The session has ended' },
  /** Somebody used this token before: the whole session is revoked. */
  'auth.refresh-reused': { status: 401, title: 'The session was ended because its token was used twice' },
  'auth.invitation-invalid': { status: 404, title: 'This invitation is not valid any more' },
});

export const authError = raiser(authErrors);
