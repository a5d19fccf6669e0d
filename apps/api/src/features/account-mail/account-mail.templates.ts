import type { EventPayload } from '@hms/contracts';
import type { Mail } from '../../platform/mail/mail.js';

export const passwordResetMail = (name: string, link: string): Mail => ({
  subject: 'Set a new HMS password',
  paragraphs: [
    `Hello ${name},`,
    'Somebody asked for a new password for your HMS account. If that was you, open this address within 30 minutes. It works once.',
    'If it was not you, there is nothing to do: your password stays as it is.',
  ],
  link,
});

export const invitationMail = (name: string, hospital: string, link: string): Mail => ({
  subject: `${hospital} invites you to HMS`,
  paragraphs: [
    `Hello ${name},`,
    `${hospital} invites you to work with HMS. Open this address within 7 days to accept. It works once.`,
  ],
  link,
});

export const passwordChangedMail = (name: string): Mail => ({
  subject: 'Your HMS password was changed',
  paragraphs: [
    `Hello ${name},`,
    'The password of your HMS account was changed just now.',
    'If that was not you, set a new one at once ("forgot password") and tell your administrator.',
  ],
});

export const identityLinkedMail = (name: string): Mail => ({
  subject: 'A new way to sign in to your HMS account',
  paragraphs: [
    `Hello ${name},`,
    'Somebody signed in to your HMS account through another provider, which knows this address as theirs.',
    'The password and the open sessions the account had until then do not count any more; an authenticator that was set up still does. Set a new password with "forgot password" if you want one.',
    'If that was not you, tell your hospital at once.',
  ],
});

const changes: Readonly<Record<EventPayload<'second-factor.changed'>['change'], string>> = {
  enrolled: 'An authenticator was set up for your HMS account.',
  disabled: 'The authenticator of your HMS account was removed.',
  reset: 'An administrator removed the authenticator of your HMS account. Set up a new one when you sign in next.',
  'recovery-codes-renewed': 'The recovery codes of your HMS account were replaced. The old ones do not count any more.',
  'recovery-code-used': 'Somebody signed in to your HMS account with one of your recovery codes.',
};

export const secondFactorMail = (name: string, change: keyof typeof changes): Mail => ({
  subject: 'The second factor of your HMS account changed',
  paragraphs: [`Hello ${name},`, changes[change], 'If that was not you, tell your administrator at once.'],
});
