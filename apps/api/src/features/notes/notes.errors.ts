import { defineErrors, raiser } from '@hms/contracts';

export const noteErrors = defineErrors({
  'note.not-found': { status: 404, title: 'This patient has no such note' },
  /** Add an addendum instead of a revision. */
  'note.signed': { status: 409, title: 'This note is signed' },
  /** Write a revision instead of an addendum. */
  'note.unsigned': { status: 409, title: 'This note is not signed yet' },
  'note.rewritten': { status: 409, title: 'What is written stays as it is' },
  'note.voided': { status: 409, title: 'This note was called an error before' },
});

export const noteError = raiser(noteErrors);
