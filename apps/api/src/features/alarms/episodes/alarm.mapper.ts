import { alarmEndCauses } from '@hms/contracts';
import type { AlarmDto, AlarmEventDto, PersonDto } from './alarms.dto.js';
import type { AlarmEventRow, AlarmRow } from './alarms.repository.js';

export type Names = ReadonlyMap<string, string>;

const iso = (time: Date | null): string | null => time?.toISOString() ?? null;
const person = (id: string | null, names: Names): PersonDto | null =>
  id === null ? null : { id, displayName: names.get(id) ?? null };

export const toAlarmDto = (row: AlarmRow, names: Names): AlarmDto => ({
  id: row.id,
  kind: row.kind,
  rule: row.rule,
  priority: row.priority,
  state: row.state,
  patientId: row.patientId,
  mrn: row.mrn,
  name: row.name,
  wardId: row.wardId,
  wardName: row.wardName,
  bedLabel: row.bedLabel,
  deviceId: row.deviceId,
  value: row.value,
  limitValue: row.limitValue,
  detail: row.detail,
  startedAt: row.startedAt.toISOString(),
  raisedAt: row.raisedAt.toISOString(),
  lastSeenAt: row.lastSeenAt.toISOString(),
  endedAt: iso(row.endedAt),
  suppressedUntil: iso(row.suppressedUntil),
  escalationLevel: row.escalationLevel,
  escalatesAt: row.state === 'notified' && row.suppressedUntil === null ? iso(row.escalateAt) : null,
  acknowledgedBy: person(row.acknowledgedBy, names),
  acknowledgedAt: iso(row.acknowledgedAt),
  resolvedBy: person(row.resolvedBy, names),
  version: row.version,
});

/** Whose names an answer shows. */
export const peopleOf = ({ acknowledgedBy, resolvedBy }: AlarmRow): string[] =>
  [acknowledgedBy, resolvedBy].filter((id) => id !== null);

const toldBy = ({ detail }: AlarmEventRow): string[] =>
  Array.isArray(detail?.['told']) ? detail['told'].filter((id) => typeof id === 'string') : [];

export const peopleOfEvent = (event: AlarmEventRow): string[] => [
  ...(event.actorId === null ? [] : [event.actorId]),
  ...toldBy(event),
];

export function toAlarmEventDto(event: AlarmEventRow, names: Names): AlarmEventDto {
  const { note, reason, level, cause, toWardId } = event.detail ?? {};
  const text = note ?? reason;
  return {
    kind: event.kind,
    at: event.at.toISOString(),
    by: person(event.actorId, names),
    text: typeof text === 'string' ? text : null,
    level: typeof level === 'number' ? level : null,
    cause: alarmEndCauses.find((known) => known === cause) ?? null,
    wardId: typeof toWardId === 'string' ? toWardId : null,
    told: toldBy(event).map((id) => ({ id, displayName: names.get(id) ?? null })),
  };
}
