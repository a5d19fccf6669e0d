import { defineErrors, raiser } from '@hms/contracts';

export const wardErrors = defineErrors({
  /** Unknown, of another hospital, or a ward this caller does not work on: one answer for all three. */
  'ward.not-found': { status: 404, title: 'There is no such ward' },
  'ward.code-taken': { status: 409, title: 'Another ward has this code' },
  'bed.label-taken': { status: 409, title: 'This ward has a bed with this label' },
});

export const wardError = raiser(wardErrors);
