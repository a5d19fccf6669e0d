import { defineErrors, raiser } from '@hms/contracts';

export const patientErrors = defineErrors({
  /** Unknown, deleted, or of another hospital: none of them is told apart. */
  'patient.not-found': { status: 404, title: 'There is no such patient' },
  /**
   * Somebody of the same name and birth date is registered; `candidates` lists them. Repeat with
   * `confirmDuplicate: true` when a person has decided that this is somebody else.
   */
  'patient.possible-duplicate': { status: 409, title: 'This patient may be registered already' },
  /** Another patient has this identifier of the same system. */
  'patient.identifier-taken': { status: 409, title: 'Another patient has this identifier' },
  /** Somebody limited to wards moves patients from and to these only. */
  'patient.on-other-ward': { status: 403, title: 'This patient lies on a ward you do not work on' },
  /** An inpatient goes from bed to bed: `PUT /api/v1/admissions/:id/bed`. */
  'patient.in-bed': { status: 409, title: 'This patient lies in a bed of another ward' },
  /** Repeat when the patient left, or when the request for a bed was cancelled: `POST /api/v1/admissions/:id/…`. */
  'patient.admitted': { status: 409, title: 'This patient is in hospital, or about to be' },
  'patient.not-deleted': { status: 409, title: 'This patient is not deleted' },
});

export const patientError = raiser(patientErrors);
