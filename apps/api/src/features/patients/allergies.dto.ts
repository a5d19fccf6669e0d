import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsOptional, ValidateNested } from 'class-validator';
import { IfPresent, IsLine } from '../../platform/http/fields.js';
import {
  allergyCategories,
  allergyTypes,
  clinicalStatuses,
  criticalities,
  severities,
  verificationStatuses,
} from './allergy.terms.js';
import { IsPastDay } from './patient.fields.js';
import { allergyStatuses, type AllergyStatus } from './patient.terms.js';

export class SubstanceCodeDto {
  /** URI of the code system, such as `http://snomed.info/sct`. */
  @IsLine(200)
  system: string;

  @IsLine(100)
  code: string;
}

class AllergyDetailsDto {
  @IfPresent()
  @IsIn(allergyTypes)
  @ApiPropertyOptional({ enum: allergyTypes, default: 'allergy' })
  type?: string;

  /** How dangerous the next contact could be. */
  @IfPresent()
  @IsIn(criticalities)
  @ApiPropertyOptional({ enum: criticalities, default: 'unable-to-assess' })
  criticality?: string;

  /** What happened, such as `Anaphylaxis`. */
  @IfPresent()
  @IsArray()
  @ArrayMaxSize(20)
  @IsLine(200, { each: true })
  @ApiPropertyOptional({ type: [String] })
  reactions?: string[];

  /** Of the worst reaction so far. */
  @IsOptional()
  @IsIn(severities)
  @ApiPropertyOptional({ enum: severities, nullable: true })
  severity?: string | null;

  @IfPresent()
  @IsIn(clinicalStatuses)
  @ApiPropertyOptional({ enum: clinicalStatuses, default: 'active' })
  clinicalStatus?: string;

  /** First occurrence, such as `1980-05-17`. */
  @IsOptional()
  @IsPastDay()
  onsetDate?: string | null;
}

export class CreateAllergyDto extends AllergyDetailsDto {
  @IsLine(200)
  substance: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => SubstanceCodeDto)
  @ApiPropertyOptional({ type: SubstanceCodeDto, nullable: true })
  code?: SubstanceCodeDto | null;

  @IsIn(allergyCategories)
  @ApiProperty({ enum: allergyCategories })
  category: string;

  @IfPresent()
  @IsIn(['unconfirmed', 'confirmed'])
  @ApiPropertyOptional({ enum: ['unconfirmed', 'confirmed'], default: 'unconfirmed' })
  verificationStatus?: string;
}

/** Absent means unchanged, null means cleared. Another substance is another allergy. */
export class UpdateAllergyDto extends AllergyDetailsDto {
  /** `refuted` and `entered-in-error` need a statusReason; nothing follows `entered-in-error`. */
  @IfPresent()
  @IsIn(verificationStatuses)
  @ApiPropertyOptional({ enum: verificationStatuses })
  verificationStatus?: string;

  @IsOptional()
  @IsLine(500)
  statusReason?: string | null;
}

export class AllergyStatusChangeDto {
  /** `recorded` is not set: recording an allergy makes it so. */
  @IsIn(['none-known', 'not-asked'])
  @ApiProperty({ enum: ['none-known', 'not-asked'] })
  status: string;
}

export class AllergyStatusDto {
  @ApiProperty({ enum: allergyStatuses })
  allergyStatus: AllergyStatus;
  /** Of the patient. */
  version: number;
}

export class AllergyDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  substance: string;
  @ApiProperty({ type: SubstanceCodeDto, nullable: true })
  code: SubstanceCodeDto | null;
  @ApiProperty({ enum: allergyTypes })
  type: string;
  @ApiProperty({ enum: allergyCategories })
  category: string;
  @ApiProperty({ enum: criticalities })
  criticality: string;
  reactions: string[];
  @ApiProperty({ enum: severities, nullable: true })
  severity: string | null;
  @ApiProperty({ enum: verificationStatuses })
  verificationStatus: string;
  @ApiProperty({ enum: clinicalStatuses })
  clinicalStatus: string;
  statusReason: string | null;
  @ApiProperty({ format: 'date', nullable: true })
  onsetDate: string | null;
  /** Send it back as `If-Match`. */
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

/** All of them, always: a part of a patient's allergies would read as safe. */
export class AllergyListDto {
  /** What an empty list means: nobody asked, or none is known. */
  @ApiProperty({ enum: allergyStatuses })
  allergyStatus: AllergyStatus;
  @ApiProperty({ type: [AllergyDto] })
  items: AllergyDto[];
}
