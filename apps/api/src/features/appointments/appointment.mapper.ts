import type { AppointmentDto } from './appointments.dto.js';
import type { AppointmentRow } from './appointments.repository.js';

export function toAppointmentDto(row: AppointmentRow): AppointmentDto {
  const [start, end] = [row.start.toISOString(), row.end.toISOString()];
  return {
    id: row.id,
    patientId: row.patientId,
    providerId: row.providerId,
    serviceId: row.serviceId,
    siteId: row.siteId,
    status: row.status,
    start,
    end,
    tz: row.tz,
    reason: row.reason,
    notes: row.notes,
    source: row.source,
    contactPhone: row.contactPhone,
    doctorName: row.doctorName,
    clinicName: row.clinicName,
    overbook: row.overbook,
    overbookReason: row.overbookReason,
    holdExpiresAt: row.holdExpiresAt?.toISOString() ?? null,
    rescheduleOf: row.rescheduleOf,
    tokenNo: row.tokenNo,
    cancelledAt: row.cancelledAt?.toISOString() ?? null,
    statusReason: row.statusReason,
    version: row.version,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
    appointment_at: start,
    appointment_end: end,
    doctor_name: row.doctorName,
    clinic_name: row.clinicName,
    contact_phone: row.contactPhone,
  };
}
