import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { admissionStates, type AdmissionState } from '@hms/contracts';
import { IsIn, IsOptional, MinLength } from 'class-validator';
import { IfPresent, IsFlag, IsId, IsLine, IsText } from '../../../platform/http/fields.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { IsPastInstant } from '../../patients/patient.fields.js';
import { IsDay } from '../../scheduling/scheduling.fields.js';
import {
  admitSources,
  bedClasses,
  urgencies,
  type AdmitSource,
  type BedClass,
  type Urgency,
} from '../inpatient.terms.js';

export class AdmissionsQueryDto extends PageQueryDto {
  @IfPresent()
  @IsId()
  @ApiPropertyOptional({ format: 'uuid' })
  wardId?: string;

  @IfPresent()
  @IsId()
  @ApiPropertyOptional({ format: 'uuid' })
  patientId?: string;

  @IfPresent()
  @IsIn(admissionStates)
  @ApiPropertyOptional({ enum: admissionStates })
  state?: AdmissionState;

  /** Only those that are not over, or only those that are. */
  @IsOptional()
  @IsFlag()
  open?: boolean;
}

export class RequestAdmissionDto {
  @IsId()
  @ApiProperty({ format: 'uuid' })
  patientId: string;

  /** Which ward is to take the patient. */
  @IsId()
  @ApiProperty({ format: 'uuid' })
  wardId: string;

  @IsIn(admitSources)
  @ApiProperty({ enum: admitSources })
  source: AdmitSource;

  @IsIn(urgencies)
  @ApiProperty({ enum: urgencies })
  urgency: Urgency;

  @IsText(1_000)
  reason: string;

  /** What kind of bed the patient needs. */
  @IfPresent()
  @IsIn(bedClasses)
  @ApiPropertyOptional({ enum: bedClasses })
  bedClass?: BedClass;

  /** Who answers for the care: a user of this hospital. */
  @IfPresent()
  @IsId()
  @ApiPropertyOptional({ format: 'uuid' })
  attendingId?: string;

  @IfPresent()
  @IsDay()
  @ApiPropertyOptional({ format: 'date' })
  expectedDischarge?: string;
}

export class ChangeAdmissionDto {
  @IsOptional()
  @IsId()
  @ApiPropertyOptional({ type: String, format: 'uuid', nullable: true })
  attendingId?: string | null;

  @IsOptional()
  @IsDay()
  @ApiPropertyOptional({ type: String, format: 'date', nullable: true })
  expectedDischarge?: string | null;
}

export class AcceptAdmissionDto {
  /** A free bed to keep for the patient. */
  @IfPresent()
  @IsId()
  @ApiPropertyOptional({ format: 'uuid' })
  bedId?: string;
}

export class AdmitPatientDto {
  /** The bed the patient lies down in; that which was kept when absent. */
  @IfPresent()
  @IsId()
  @ApiPropertyOptional({ format: 'uuid' })
  bedId?: string;

  /** When; now when absent. */
  @IfPresent()
  @IsPastInstant()
  at?: Date;
}

export class MoveToBedDto {
  @IsId()
  @ApiProperty({ format: 'uuid' })
  bedId: string;

  /** Why, of at least three characters. */
  @MinLength(3)
  @IsLine(500)
  reason: string;

  /** When; now when absent. */
  @IfPresent()
  @IsPastInstant()
  at?: Date;
}

export class RequestTransferDto {
  /** Which ward is asked. */
  @IsId()
  @ApiProperty({ format: 'uuid' })
  wardId: string;

  @IfPresent()
  @IsIn(bedClasses)
  @ApiPropertyOptional({ enum: bedClasses })
  bedClass?: BedClass;

  /** Why, of at least three characters. */
  @MinLength(3)
  @IsLine(500)
  reason: string;
}

export class WithReasonDto {
  /** Why, of at least three characters. */
  @MinLength(3)
  @IsLine(500)
  reason: string;
}

export class TransferRequestDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  /** The ward that is asked. */
  @ApiProperty({ format: 'uuid' })
  wardId: string;
  @ApiProperty({ type: String, enum: bedClasses, nullable: true })
  bedClass: string | null;
  reason: string;
  @ApiProperty({ format: 'date-time' })
  requestedAt: string;
}

export class AdmissionDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  @ApiProperty({ format: 'uuid' })
  encounterId: string;
  @ApiProperty({ enum: admissionStates })
  state: AdmissionState;
  /** The ward that is asked; that of the bed once the patient lies in one. */
  @ApiProperty({ format: 'uuid' })
  wardId: string;
  /** The bed the patient lies in; before, the one that is kept. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  bedId: string | null;
  @ApiProperty({ enum: admitSources })
  source: string;
  @ApiProperty({ enum: urgencies })
  urgency: string;
  @ApiProperty({ type: String, enum: bedClasses, nullable: true })
  bedClass: string | null;
  reason: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  attendingId: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true })
  expectedDischarge: string | null;
  @ApiProperty({ type: String, nullable: true })
  statusReason: string | null;
  @ApiProperty({ format: 'date-time' })
  requestedAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  admittedAt: string | null;
  /** When the patient left, not when that was ordered. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  leftAt: string | null;
  /** The ward that is asked to take the patient. */
  @ApiProperty({ type: TransferRequestDto, nullable: true })
  transfer: TransferRequestDto | null;
  version: number;
}

export class AdmissionPageDto {
  items: AdmissionDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
