import { defineErrors, raiser } from '@hms/contracts';

export const syncInboxErrors = defineErrors({
  /** Unknown, of somebody else on a ward this caller does not work on, or of what they may not read. */
  'sync-conflict.not-found': { status: 404, title: 'There is no such conflict' },
  'sync-conflict.resolved': { status: 409, title: 'This conflict was resolved before' },
  /** `fields` says which. Read the patient again, decide, and send a PATCH; then resolve with `theirs`. */
  'sync-conflict.changed-since': { status: 409, title: 'The patient changed in these fields since' },
  /** The value of the device is in the conflict: change the record with it, then resolve with `theirs`. */
  'sync-conflict.make-anew': { status: 422, title: 'This change cannot be taken over: make it anew' },
  'sync-quarantine.not-found': { status: 404, title: 'There is no such refused change' },
  'sync-quarantine.reviewed': { status: 409, title: 'Somebody has reviewed this change already' },
  /** Unknown, of another hospital, or on a route of one's own, of somebody else. */
  'sync-device.not-found': { status: 404, title: 'There is no such device' },
});

export const syncInboxError = raiser(syncInboxErrors);
