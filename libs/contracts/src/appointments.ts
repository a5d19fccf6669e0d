import type { EventType } from './events.js';
import type { Permission } from './permissions.js';

/** Of an appointment. FHIR's: pending, booked, booked, arrived, arrived, fulfilled, cancelled, cancelled, noshow, entered-in-error. */
export const appointmentStatuses = [
  'held',
  'booked',
  'confirmed',
  'checked_in',
  'in_progress',
  'completed',
  'cancelled',
  'rescheduled',
  'no_show',
  'entered_in_error',
] as const;
export type AppointmentStatus = (typeof appointmentStatuses)[number];

/** What each state may become. Total: what is not named is refused, here and by the database (guard_appointment). */
export const appointmentMoves: Readonly<Record<AppointmentStatus, readonly AppointmentStatus[]>> = {
  held: ['booked', 'cancelled', 'entered_in_error'],
  booked: ['confirmed', 'checked_in', 'cancelled', 'rescheduled', 'no_show', 'entered_in_error'],
  confirmed: ['checked_in', 'cancelled', 'rescheduled', 'no_show', 'entered_in_error'],
  // Somebody who leaves before being seen cancels.
  checked_in: ['in_progress', 'cancelled', 'entered_in_error'],
  in_progress: ['completed', 'entered_in_error'],
  completed: ['entered_in_error'],
  cancelled: ['entered_in_error'],
  rescheduled: ['entered_in_error'],
  no_show: ['entered_in_error'],
  entered_in_error: [],
};

export const mayMove = (from: AppointmentStatus, to: AppointmentStatus): boolean => appointmentMoves[from].includes(to);

/** Takes up its provider, rooms and devices. */
export const blockingStatuses = [
  'held',
  'booked',
  'confirmed',
  'checked_in',
  'in_progress',
] as const satisfies readonly AppointmentStatus[];
export const blocks = (status: AppointmentStatus): boolean =>
  (blockingStatuses as readonly AppointmentStatus[]).includes(status);

/** Which permission each state takes to bring about; undefined: it comes about otherwise, by booking or rescheduling. */
export const appointmentMovers: Readonly<Record<AppointmentStatus, Permission | undefined>> = {
  held: undefined,
  booked: 'appointment:book',
  confirmed: 'appointment:book',
  checked_in: 'patient:check-in',
  in_progress: 'appointment:conduct',
  completed: 'appointment:conduct',
  cancelled: 'appointment:book',
  rescheduled: undefined,
  no_show: 'appointment:conduct',
  entered_in_error: 'appointment:conduct',
};

/** What is told of an appointment that came into a state. Of one that was rescheduled its successor is told as well. */
export const appointmentEvents = {
  held: 'appointment.held',
  booked: 'appointment.booked',
  confirmed: 'appointment.confirmed',
  checked_in: 'appointment.checked-in',
  in_progress: 'appointment.started',
  completed: 'appointment.completed',
  cancelled: 'appointment.cancelled',
  rescheduled: 'appointment.rescheduled',
  no_show: 'appointment.missed',
  entered_in_error: 'appointment.voided',
} as const satisfies Readonly<Record<AppointmentStatus, EventType>>;
