import { defineErrors, raiser } from '@hms/contracts';

export const liveErrors = defineErrors({
  'live.handshake-invalid': { status: 422, title: 'Connect with auth { token, wardId? }' },
  'live.ward-not-found': { status: 404, title: 'There is no such ward' },
  'live.unknown-event': { status: 404, title: 'Nobody listens to this event' },
  'live.too-many-events': { status: 429, title: 'Too many events from this socket' },
  'live.other-session': { status: 409, title: 'The token belongs to another session: connect again with it' },
  // Codes of the event `expired`.
  /** Send `refresh` with a new token within 5 seconds, or be disconnected. */
  'live.token-expired': { status: 401, title: 'The access token has expired' },
  'live.session-ended': { status: 401, title: 'The session has ended' },
  /** What the user may do or where has changed: connect again. */
  'live.access-changed': { status: 403, title: 'Your access has changed' },
});

export const liveError = raiser(liveErrors);
