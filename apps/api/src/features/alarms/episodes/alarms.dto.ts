import { alarmEndCauses, alarmEventKinds, alarmKinds, alarmPriorities, alarmStates } from '@hms/contracts';
import type { AlarmEndCause, AlarmEventKind, AlarmKind, AlarmPriority, AlarmState } from '@hms/contracts';
import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { IsIn, IsOptional, IsUUID } from 'class-validator';
import { IsLine } from '../../../platform/http/fields.js';
import { IsInstant } from '../../../platform/http/instant.js';
import { PageQueryDto } from '../../../platform/http/page.js';

const shownStates = alarmStates.filter((state) => state !== 'pending');
/** `open` is every state but `resolved`. */
export const stateFilters = ['open', ...shownStates] as const;
export type StateFilter = (typeof stateFilters)[number];

export class AlarmFilterDto {
  /** `open`: not resolved. */
  @ApiPropertyOptional({ enum: stateFilters })
  @IsOptional()
  @IsIn(stateFilters)
  state?: StateFilter;

  @ApiPropertyOptional({ enum: alarmPriorities })
  @IsOptional()
  @IsIn(alarmPriorities)
  priority?: AlarmPriority;

  @ApiPropertyOptional({ enum: alarmKinds })
  @IsOptional()
  @IsIn(alarmKinds)
  kind?: AlarmKind;

  /** Raised at this time or later. */
  @IsOptional()
  @IsInstant()
  since?: Date;
}

export class PatientAlarmsQueryDto extends IntersectionType(PageQueryDto, AlarmFilterDto) {}

export class AlarmsQueryDto extends PatientAlarmsQueryDto {
  /** Where the patient is, or was when it ended. */
  @IsOptional()
  @IsUUID()
  wardId?: string;

  @IsOptional()
  @IsUUID()
  patientId?: string;
}

export class AcknowledgeAlarmDto {
  /** What is being done about it. */
  @IsOptional()
  @IsLine(500)
  note?: string | null;
}

export class ResolveAlarmDto {
  /** Why it is over. */
  @IsLine(500)
  reason: string;
}

export class CreateAlarmNoteDto {
  @IsLine(500)
  note: string;
}

export class PersonDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ type: String, nullable: true })
  displayName: string | null;
}

export class AlarmDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ enum: alarmKinds })
  kind: AlarmKind;
  /** What was broken, such as `spo2-low`, `news2` or `device-silent`. */
  rule: string;
  @ApiProperty({ enum: alarmPriorities })
  priority: AlarmPriority;
  @ApiProperty({ enum: shownStates })
  state: AlarmState;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  mrn: string;
  /** Of the patient. */
  name: string;
  @ApiProperty({ format: 'uuid' })
  wardId: string;
  wardName: string;
  /** Where the patient lies, or lay when it ended. */
  @ApiProperty({ type: String, nullable: true })
  bedLabel: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  deviceId: string | null;
  /** What raised it; of a score its total. */
  @ApiProperty({ type: Number, nullable: true })
  value: number | null;
  /** The limit it was beyond. */
  @ApiProperty({ type: Number, nullable: true })
  limitValue: number | null;
  /** Further facts, such as a score's band. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  detail: Record<string, unknown> | null;
  @ApiProperty({ format: 'date-time' })
  startedAt: string;
  @ApiProperty({ format: 'date-time' })
  raisedAt: string;
  /** Of the newest reading that showed it. */
  @ApiProperty({ format: 'date-time' })
  lastSeenAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  endedAt: string | null;
  /** Until then nobody is told of it. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  suppressedUntil: string | null;
  /** How many times further people had to be told. */
  escalationLevel: number;
  /** When further people are told unless somebody acknowledges it. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  escalatesAt: string | null;
  @ApiProperty({ type: PersonDto, nullable: true })
  acknowledgedBy: PersonDto | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  acknowledgedAt: string | null;
  /** Null where it ended by itself. */
  @ApiProperty({ type: PersonDto, nullable: true })
  resolvedBy: PersonDto | null;
  version: number;
}

export class AlarmPageDto {
  items: AlarmDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

export class AlarmEventDto {
  @ApiProperty({ enum: alarmEventKinds })
  kind: AlarmEventKind;
  @ApiProperty({ format: 'date-time' })
  at: string;
  /** Null for the platform itself. */
  @ApiProperty({ type: PersonDto, nullable: true })
  by: PersonDto | null;
  /** What a person wrote: a note, or the reason. */
  @ApiProperty({ type: String, nullable: true })
  text: string | null;
  /** Of the step of the escalation; null for other events. */
  @ApiProperty({ type: Number, nullable: true })
  level: number | null;
  /** Why it ended, where neither a reading nor a person ended it. */
  @ApiProperty({ type: String, enum: alarmEndCauses, nullable: true })
  cause: AlarmEndCause | null;
  /** Where it moved to with its patient; null for other events. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  wardId: string | null;
  /** Who was told; empty where nobody was there to be told. */
  @ApiProperty({ type: [PersonDto] })
  told: PersonDto[];
}

export class AlarmDetailDto extends AlarmDto {
  /** What became of it, the oldest first. */
  @ApiProperty({ type: [AlarmEventDto] })
  events: AlarmEventDto[];
}

export class AlarmNoteDto {
  @ApiProperty({ format: 'uuid' })
  alarmId: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  @ApiProperty({ format: 'date-time' })
  at: string;
  @ApiProperty({ format: 'uuid' })
  authorId: string;
  note: string;
}
