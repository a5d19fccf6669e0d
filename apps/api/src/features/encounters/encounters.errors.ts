import { defineErrors, raiser } from '@hms/contracts';

export const encounterErrors = defineErrors({
  'encounter.not-found': { status: 404, title: 'This patient has no such encounter' },
  /** Its `status` says what it is; the documentation which states may follow. */
  'encounter.illegal-move': { status: 409, title: 'The encounter is not in a state from which this is possible' },
  /** Admit, transfer and discharge through `/admissions`; what remains here is to finish the records once the patient left. */
  'encounter.of-admission': { status: 409, title: 'The encounter of an inpatient goes on with the admission' },
  'encounter.over': { status: 409, title: 'The encounter has ended and stays as it is' },
  /** Record what it was about, or let an administrator change the rule. */
  'encounter.undiagnosed': { status: 409, title: 'An encounter is not finished without a diagnosis' },
  /** Sign the notes of the encounter, or mark them as errors. */
  'encounter.unsigned': { status: 409, title: 'An encounter is not finished while a note of it is not signed' },
  'encounter.appointment-used': { status: 409, title: 'The appointment belongs to another encounter' },
  'diagnosis.not-found': { status: 404, title: 'This encounter has no such diagnosis' },
  'diagnosis.duplicate': { status: 409, title: 'This code is a diagnosis of the encounter already' },
  'diagnosis.rank-taken': { status: 409, title: 'Another diagnosis of the encounter has this rank' },
});

export const encounterError = raiser(encounterErrors);
