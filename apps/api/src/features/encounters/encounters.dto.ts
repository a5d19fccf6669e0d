import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Max, Min, MinLength } from 'class-validator';
import {
  dispositions,
  encounterClasses,
  encounterStatuses,
  type Disposition,
  type EncounterClass,
  type EncounterStatus,
} from '@hms/contracts';
import { IfPresent, IsId, IsLine, IsText } from '../../platform/http/fields.js';
import { PageQueryDto } from '../../platform/http/page.js';
import { IsCalendarInstant } from '../scheduling/scheduling.fields.js';
import { DiagnosisDto } from './diagnoses/diagnoses.dto.js';

/** Inpatients are admitted: see `/admissions`. */
const openedClasses = encounterClasses.filter((each) => each !== 'IMP');
const firstStatuses = ['planned', 'arrived'] as const;

export class OpenEncounterDto {
  /** An inpatient is admitted instead, through `/admissions`. */
  @IsIn(openedClasses)
  @ApiProperty({ enum: openedClasses })
  class: EncounterClass;

  /** `planned` needs plannedFor. */
  @IfPresent()
  @IsIn(firstStatuses)
  @ApiPropertyOptional({ enum: firstStatuses, default: 'arrived' })
  status?: (typeof firstStatuses)[number];

  @IfPresent()
  @IsCalendarInstant()
  plannedFor?: Date;

  /** The visit it belongs to; a new one when absent. */
  @IfPresent()
  @IsId()
  visitId?: string;

  /** Where a new visit takes place. */
  @IfPresent()
  @IsId()
  siteId?: string;

  /** What the patient came for; each is of one encounter. */
  @IfPresent()
  @IsId()
  appointmentId?: string;

  /** Who answers for the care: a user. */
  @IfPresent()
  @IsId()
  responsibleId?: string;

  /** In the patient's words. */
  @IfPresent()
  @IsText(1_000)
  chiefComplaint?: string;
}

/** Absent means unchanged, null means cleared. */
export class UpdateEncounterDto {
  @IsOptional()
  @IsId()
  responsibleId?: string | null;

  @IsOptional()
  @IsText(1_000)
  chiefComplaint?: string | null;

  /** Emergency Severity Index, 1 the most urgent. */
  @IfPresent()
  @IsInt()
  @Min(1)
  @Max(5)
  acuity?: number;
}

export class MoveEncounterDto {
  @IsIn(encounterStatuses)
  @ApiProperty({ enum: encounterStatuses })
  status: EncounterStatus;

  /** Needed by `cancelled` and `entered-in-error`, of at least three characters. */
  @IfPresent()
  @MinLength(3)
  @IsLine(500)
  reason?: string;

  /** Needed by `triaged`, and said with nothing else: Emergency Severity Index, 1 the most urgent. */
  @IfPresent()
  @IsInt()
  @Min(1)
  @Max(5)
  acuity?: number;

  /** Needed by `finished`, and said with nothing else. */
  @IfPresent()
  @IsIn(dispositions)
  @ApiPropertyOptional({ enum: dispositions })
  disposition?: Disposition;
}

export class EncountersQueryDto extends PageQueryDto {
  @IfPresent()
  @IsIn(encounterStatuses)
  @ApiPropertyOptional({ enum: encounterStatuses })
  status?: EncounterStatus;

  @IfPresent()
  @IsIn(encounterClasses)
  @ApiPropertyOptional({ enum: encounterClasses })
  class?: EncounterClass;

  /** Who answers for the care. */
  @IfPresent()
  @IsId()
  responsibleId?: string;

  /** Begun, or else planned, at this time or later. */
  @IfPresent()
  @IsCalendarInstant()
  from?: Date;

  /** Exclusive. */
  @IfPresent()
  @IsCalendarInstant()
  to?: Date;
}

export class EncounterDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  @ApiProperty({ format: 'uuid' })
  visitId: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  appointmentId: string | null;
  @ApiProperty({ enum: encounterClasses })
  class: string;
  @ApiProperty({ enum: encounterStatuses })
  status: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  responsibleId: string | null;
  @ApiProperty({ type: String, nullable: true })
  chiefComplaint: string | null;
  @ApiProperty({ type: Number, nullable: true })
  acuity: number | null;
  @ApiProperty({ enum: dispositions, nullable: true })
  disposition: string | null;
  @ApiProperty({ type: String, nullable: true })
  statusReason: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  plannedFor: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  endedAt: string | null;
  /** Send it back as `If-Match`. */
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class EncounterDetailDto extends EncounterDto {
  /** By rank. */
  @ApiProperty({ type: [DiagnosisDto] })
  diagnoses: DiagnosisDto[];
}

export class EncounterPageDto {
  @ApiProperty({ type: [EncounterDto] })
  items: EncounterDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
