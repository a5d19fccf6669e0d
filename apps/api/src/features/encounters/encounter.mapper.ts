import type { EncounterDto } from './encounters.dto.js';
import type { EncounterRow } from './encounters.repository.js';

export const toEncounterDto = (row: EncounterRow): EncounterDto => ({
  id: row.id,
  patientId: row.patientId,
  visitId: row.visitId,
  appointmentId: row.appointmentId,
  class: row.class,
  status: row.status,
  responsibleId: row.responsibleId,
  chiefComplaint: row.chiefComplaint,
  acuity: row.acuity,
  disposition: row.disposition,
  statusReason: row.statusReason,
  plannedFor: row.plannedFor?.toISOString() ?? null,
  startedAt: row.startedAt?.toISOString() ?? null,
  endedAt: row.endedAt?.toISOString() ?? null,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
