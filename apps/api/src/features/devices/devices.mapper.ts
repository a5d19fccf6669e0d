import type { AssignmentDto } from './assignments.dto.js';
import type { AssignmentRow } from './assignments.repository.js';
import type { DeviceDto } from './devices.dto.js';
import type { DeviceRow } from './devices.repository.js';

export const toAssignmentDto = (row: AssignmentRow): AssignmentDto => ({
  id: row.id,
  deviceId: row.deviceId,
  patientId: row.patientId,
  wardId: row.wardId,
  bedId: row.bedId,
  from: row.from.toISOString(),
  until: row.until?.toISOString() ?? null,
});

export const toDeviceDto = (row: DeviceRow): DeviceDto => ({
  id: row.id,
  externalId: row.externalId,
  gatewayId: row.gatewayId,
  kind: row.kind,
  manufacturer: row.manufacturer,
  model: row.model,
  serialNumber: row.serialNumber,
  status: row.status,
  assignment: currentAssignment(row),
  silentAfterSeconds: row.silentAfterSeconds,
  silent: row.silent,
  lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
  clockOffsetMs: row.clockOffsetMs,
  rejectRate: row.rejectRate,
  lastRejectCode: row.lastRejectCode,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

function currentAssignment(row: DeviceRow): AssignmentDto | null {
  const { assignmentId, patientId, wardId, from } = row;
  if (assignmentId === null || patientId === null || wardId === null || from === null) return null;
  return toAssignmentDto({
    id: assignmentId,
    deviceId: row.id,
    patientId,
    wardId,
    bedId: row.bedId,
    from,
    until: row.until,
  });
}
