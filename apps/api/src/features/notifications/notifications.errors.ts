import { defineErrors, raiser } from '@hms/contracts';

export const notificationErrors = defineErrors({
  /** Unknown, or somebody else's. */
  'notification.not-found': { status: 404, title: 'There is no such notification' },
  /** Unknown, not registered by the caller, or deactivated before. */
  'push-token.not-found': { status: 404, title: 'This device token is not registered for you' },
  /** Nobody with this id belongs to the hospital now. */
  'notification.recipient-not-found': { status: 404, title: 'There is no such recipient' },
  'broadcast.not-found': { status: 404, title: 'There is no such broadcast' },
  'broadcast.finished': { status: 409, title: 'The broadcast is over' },
  /** Somebody saved another version meanwhile: read the newest, and name it in `basedOn`. */
  'template.outdated': { status: 409, title: 'The template has a newer version' },
});

export const notificationError = raiser(notificationErrors);
