import type { AppointmentStatus } from '@hms/contracts';
import type { Identity } from '../../platform/access/actor.js';
import { isStaff } from '../scheduling/scheduling.policy.js';
import type { BookAppointmentDto, ChangeAppointmentDto } from './appointments.dto.js';
import { invalid } from './appointment.policy.js';

/** What is to be booked, however the client spelt it. */
export interface Wanted {
  readonly providerId: string | undefined;
  readonly serviceId: string | undefined;
  readonly start: Date;
  readonly resourceIds: readonly string[];
  readonly overbookReason: string | undefined;
}

export interface Details {
  readonly reason?: string | null | undefined;
  readonly notes?: string | null | undefined;
  readonly contactPhone?: string | null | undefined;
  readonly doctorName?: string | undefined;
  readonly clinicName?: string | undefined;
}

type Body = BookAppointmentDto | ChangeAppointmentDto;

export const startOf = (body: Body): Date | undefined => body.start ?? body.appointment_at;

/** @throws `request.invalid` when no start is named, or one within a minute */
export function wantedOf(body: Body): Wanted {
  const start = startOf(body);
  if (!start) throw invalid('start', 'start must be a time with a zone, such as 2026-01-31T08:30:00Z');
  if (start.getTime() % 60_000 !== 0) throw invalid('start', 'start must be on a whole minute');
  const { providerId, serviceId, resourceIds = [], overbookReason } = body;
  return { providerId, serviceId, start, resourceIds, overbookReason };
}

export const detailsOf = (body: Body): Details => ({
  reason: body.reason,
  notes: body.notes,
  contactPhone: body.contactPhone === undefined ? body.contact_phone : body.contactPhone,
  doctorName: body.doctorName ?? body.doctor_name,
  clinicName: body.clinicName ?? body.clinic_name,
});

/**
 * What of it this actor may have written. Whoever is no staff may name a doctor to find one by; otherwise doctors and
 * clinics are shown by the names the hospital has for them.
 */
export function writtenBy(actor: Identity, details: Details, { findsDoctor }: { findsDoctor: boolean }): Details {
  if (isStaff(actor)) return details;
  return { ...details, doctorName: findsDoctor ? details.doctorName : undefined, clinicName: undefined };
}

export const statusOf = (status: AppointmentStatus | 'scheduled'): AppointmentStatus =>
  status === 'scheduled' ? 'booked' : status;
