import { defineErrors, raiser } from '@hms/contracts';

export const passwordErrors = defineErrors({
  /** Use at least 8 characters; several words are easy to remember. */
  'password.too-short': { status: 422, title: 'The password is too short' },
  /** Use at most 128 characters. */
  'password.too-long': { status: 422, title: 'The password is too long' },
  /** It is among those that are tried first everywhere: choose another one. */
  'password.common': { status: 422, title: 'Too many people use this password' },
  /** It is little more than the name of the person, the hospital or HMS: choose another one. */
  'password.predictable': { status: 422, title: 'The password is too easy to guess for this person' },
  /** It was in a leak of some other site: choose another one. */
  'password.breached': { status: 422, title: 'This password was leaked elsewhere' },
  /** Unknown, used, replaced by a newer one or older than 30 minutes: ask for another mail. */
  'password.reset-invalid': { status: 404, title: 'This token does not count any more' },
  /** Not with that present password. */
  'password.current-wrong': { status: 422, title: 'The present password is wrong' },
});

const raise = raiser(passwordErrors);

/** Names the field too, so that a form can say it beside its input. */
export const passwordError = (code: keyof typeof passwordErrors, field = 'password'): Error => {
  const { title } = passwordErrors[code];
  return raise(code, { errors: [{ field, code: code.replace('password.', ''), message: title }] });
};
