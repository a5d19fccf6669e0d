import { defineErrors, raiser } from '@hms/contracts';

export const appointmentErrors = defineErrors({
  /** Unknown, of another hospital, or of another patient than the one who asks. */
  'appointment.not-found': { status: 404, title: 'There is no such appointment' },
  /** `alternatives` are the next free slots. Repeating the request for the same time cannot succeed. */
  'appointment.slot-taken': { status: 409, title: 'That time is no longer free' },
  /** `alternatives` are the next free slots. */
  'appointment.not-offered': { status: 409, title: 'That time is not offered' },
  /** Of a hospital whose patients have one appointment at a time. */
  'appointment.patient-busy': { status: 409, title: 'The patient has another appointment at that time' },
  /** Nobody waits for them: not at an appointment, in a queue or on a waitlist. Correct the record first if it is wrong. */
  'appointment.patient-deceased': { status: 409, title: 'The patient died' },
  'appointment.illegal-move': { status: 409, title: 'The appointment does not go from its state to that one' },
  /** Of what is written with it. */
  'appointment.over': { status: 409, title: 'The appointment is over: what is written with it stays' },
  'appointment.hold-expired': { status: 409, title: 'The time was held no longer: book it anew' },
  'appointment.not-missed-yet': { status: 409, title: 'The patient may still come' },
  'queue.empty': { status: 409, title: 'Nobody waits' },
  'queue-token.not-found': { status: 404, title: 'There is no such number' },
  'queue-token.illegal-move': { status: 409, title: 'The number does not go from its state to that one' },
  'waitlist.not-found': { status: 404, title: 'There is no such entry of the waitlist' },
  'calendar-feed.not-found': { status: 404, title: 'There is no such calendar' },
});

export const appointmentError = raiser(appointmentErrors);
