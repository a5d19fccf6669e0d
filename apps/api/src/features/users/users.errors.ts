import { defineErrors, raiser } from '@hms/contracts';

export const userErrors = defineErrors({
  /** Unknown, or not a member of this hospital. */
  'user.not-found': { status: 404, title: 'There is no such user in this hospital' },
  /** Make somebody else hospital_admin first. Counted are those who can sign in. */
  'user.last-admin': { status: 409, title: 'The hospital would have no administrator left' },
  'user.self-disable': { status: 409, title: 'Nobody disables themself' },
  /** Change the roles of the member instead. */
  'user.already-member': { status: 409, title: 'This person works in the hospital already' },
  /** The platform closed the account; no hospital can open it. */
  'user.account-disabled': { status: 409, title: 'This account is closed' },
  /** Staff roles and a patient's login do not mix: invite the person with another address. */
  'user.patient-account': { status: 409, title: 'This login belongs to a patient' },
});

export const userError = raiser(userErrors);
