import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { presentOnAdmission, type PresentOnAdmission } from '@hms/contracts';
import { IfPresent } from '../../../platform/http/fields.js';

const icd10 = /^[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?$/;

export class CreateDiagnosisDto {
  /** ICD-10, with its dot, such as `I50.9`: one that GET /icd10-codes finds. */
  @Matches(icd10)
  code: string;

  /** 1 is the principal one; the next free one when absent. */
  @IfPresent()
  @IsInt()
  @Min(1)
  @Max(50)
  rank?: number;

  @IfPresent()
  @IsIn(presentOnAdmission)
  @ApiPropertyOptional({ enum: presentOnAdmission, default: 'Y' })
  presentOnAdmission?: PresentOnAdmission;
}

export class DiagnosisDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  encounterId: string;
  code: string;
  display: string;
  rank: number;
  @ApiProperty({ enum: presentOnAdmission })
  presentOnAdmission: string;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}
