import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsOptional, ValidateNested } from 'class-validator';
import { IfPresent, IsLine } from '../../platform/http/fields.js';
import { PageQueryDto } from '../../platform/http/page.js';
import { IsPastDay } from '../patients/patient.fields.js';
import {
  clinicalStatuses,
  severities,
  verificationStatuses,
  type ClinicalStatus,
  type VerificationStatus,
} from './condition.terms.js';

const unrefuted: readonly VerificationStatus[] = ['unconfirmed', 'provisional', 'differential', 'confirmed'];

export class ConditionCodeDto {
  /** URI of the code system, such as `http://snomed.info/sct`. */
  @IsLine(200)
  system: string;

  @IsLine(64)
  code: string;
}

class ConditionDetailsDto {
  @IfPresent()
  @IsIn(clinicalStatuses)
  @ApiPropertyOptional({ enum: clinicalStatuses, default: 'active' })
  clinicalStatus?: ClinicalStatus;

  @IsOptional()
  @IsIn(severities)
  @ApiPropertyOptional({ enum: severities, nullable: true })
  severity?: string | null;

  /** When it began, such as `2019-05-17`. */
  @IsOptional()
  @IsPastDay()
  onsetDate?: string | null;

  /** When it ended; takes a clinicalStatus of `inactive`, `remission` or `resolved`. */
  @IsOptional()
  @IsPastDay()
  abatementDate?: string | null;
}

export class CreateConditionDto extends ConditionDetailsDto {
  /** As a clinician says it, such as `Type 2 diabetes mellitus`. */
  @IsLine(200)
  display: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => ConditionCodeDto)
  @ApiPropertyOptional({ type: ConditionCodeDto, nullable: true })
  code?: ConditionCodeDto | null;

  @IfPresent()
  @IsIn(unrefuted)
  @ApiPropertyOptional({ enum: unrefuted, default: 'confirmed' })
  verificationStatus?: VerificationStatus;
}

/** Absent means unchanged, null means cleared. Another display is another problem. */
export class UpdateConditionDto extends ConditionDetailsDto {
  /** `entered-in-error` needs a statusReason, and nothing follows it. */
  @IfPresent()
  @IsIn(verificationStatuses)
  @ApiPropertyOptional({ enum: verificationStatuses })
  verificationStatus?: VerificationStatus;

  @IsOptional()
  @IsLine(500)
  statusReason?: string | null;
}

export class ConditionsQueryDto extends PageQueryDto {
  @IfPresent()
  @IsIn(clinicalStatuses)
  @ApiPropertyOptional({ enum: clinicalStatuses })
  clinicalStatus?: ClinicalStatus;
}

export class ConditionDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  display: string;
  @ApiProperty({ type: ConditionCodeDto, nullable: true })
  code: ConditionCodeDto | null;
  @ApiProperty({ enum: clinicalStatuses })
  clinicalStatus: string;
  @ApiProperty({ enum: verificationStatuses })
  verificationStatus: string;
  @ApiProperty({ enum: severities, nullable: true })
  severity: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true })
  onsetDate: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true })
  abatementDate: string | null;
  @ApiProperty({ type: String, nullable: true })
  statusReason: string | null;
  /** Send it back as `If-Match`. */
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class ConditionPageDto {
  @ApiProperty({ type: [ConditionDto] })
  items: ConditionDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
