import type { AdmissionDto, TransferRequestDto } from './admissions.dto.js';
import type { AdmissionRow } from './admissions.repository.js';

export const toAdmissionDto = (row: AdmissionRow): AdmissionDto => ({
  id: row.id,
  patientId: row.patientId,
  encounterId: row.encounterId,
  state: row.state,
  wardId: row.wardId,
  bedId: row.bedId ?? row.reservedBedId,
  source: row.source,
  urgency: row.urgency,
  bedClass: row.bedClass,
  reason: row.reason,
  attendingId: row.attendingId,
  expectedDischarge: row.expectedDischarge,
  statusReason: row.statusReason,
  requestedAt: row.requestedAt.toISOString(),
  admittedAt: row.admittedAt?.toISOString() ?? null,
  leftAt: row.leftAt?.toISOString() ?? null,
  transfer: toTransferDto(row),
  version: row.version,
});

function toTransferDto(row: AdmissionRow): TransferRequestDto | null {
  const { transferId: id, transferWardId: wardId, transferReason: reason, transferRequestedAt: requestedAt } = row;
  if (id === null || wardId === null || reason === null || requestedAt === null) return null;
  return { id, wardId, bedClass: row.transferBedClass, reason, requestedAt: requestedAt.toISOString() };
}
