import { defineErrors, raiser } from '../problem.js';

export const syncErrors = defineErrors({
  'sync.unknown-device': { status: 403, title: 'This device is not registered for this user and hospital' },
  'sync.device-revoked': { status: 403, title: 'This device may not sync any more' },
  /** Ops are missing before the first one; `expected` says which comes next. */
  'sync.gap': { status: 409, title: 'Changes are missing before the first one' },
  /** Another installation used the same numbers for other changes, as after a restored backup. */
  'sync.device-forked': { status: 409, title: 'Another installation sent other changes under these numbers' },
  'sync.not-in-order': { status: 422, title: 'The changes are not numbered one after another' },
  /** Of a foreign protocol: what is sent was changed by others since it was pulled. Pull, and send again. */
  'sync.changed-since': { status: 409, title: 'What you send was changed since you pulled' },
  /** Of a foreign protocol: nothing can follow this checkpoint. */
  'sync.replica-outdated': { status: 409, title: 'This replica cannot be continued: build it anew' },
  /** Of a foreign protocol that takes everything at once. */
  'sync.replica-too-large': { status: 409, title: 'You may see more than fits into one answer' },
  'sync.too-many-devices': { status: 409, title: 'This user has too many devices' },
});
export const syncError = raiser(syncErrors);
