import { defineErrors, raiser } from '@hms/contracts';

export const breakGlassErrors = defineErrors({
  /** The caller works in the whole hospital: no limit of wards stands in the way. */
  'break-glass.not-needed': { status: 409, title: 'Nothing of this patient is closed to you' },
  /** One patient at a time: `breakGlassId` names the grant that runs, to be closed first. */
  'break-glass.already-open': { status: 409, title: 'You have a patient open already' },
  /** Set up an authenticator first (`POST /auth/mfa/totp`): breaking the glass takes a second factor, whatever the role. */
  'break-glass.second-factor-missing': { status: 403, title: 'Set up a second factor first' },
  /** Sign in again, with the second factor, then repeat the request within 5 minutes. */
  'break-glass.proof-required': { status: 403, title: 'Prove again who you are' },
  'break-glass.not-found': { status: 404, title: 'There is no such break-glass access' },
  'break-glass.ended': { status: 409, title: 'This access has ended already' },
  'break-glass.reviewed': { status: 409, title: 'Somebody has reviewed this access already' },
  /** Another administrator has to. */
  'break-glass.own-review': { status: 403, title: 'Nobody reviews their own access' },
});

export const breakGlassError = raiser(breakGlassErrors);
