import { vitalSigns, type VitalCode, type VitalValue } from '@hms/contracts';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { IsInstant } from '../../platform/http/instant.js';
import { resolutionNames, type Resolution } from './vitals-window.policy.js';

const codes = vitalSigns.map(({ code }) => code);
const anyValue = [{ type: 'number' }, { type: 'boolean' }, { type: 'string', enum: ['A', 'C', 'V', 'P', 'U'] }];

export class VitalsQueryDto {
  /** 24 hours before `to` when absent. */
  @IsOptional()
  @IsInstant()
  from?: Date;

  /** Exclusive; now when absent. */
  @IsOptional()
  @IsInstant()
  to?: Date;

  /** `raw`, or the width of the buckets readings are summed up in. When absent, what gives about 1,000 points. */
  @IsOptional()
  @IsIn(resolutionNames)
  @ApiProperty({ enum: resolutionNames, required: false })
  resolution?: Resolution;

  /** How many raw readings to return; buckets come all at once. */
  @ApiPropertyOptional()
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1_000)
  limit: number = 1_000;

  /** `nextCursor` of the page of raw readings before. */
  @IsOptional()
  @IsString()
  @MaxLength(500)
  cursor?: string;
}

export class VitalsReadingDto {
  @ApiProperty({ format: 'date-time' })
  recordedAt: string;
  /** Name of the device. */
  device: string;
  @ApiProperty({
    type: 'object',
    description: 'The values that were sent, by code',
    additionalProperties: { oneOf: anyValue },
    example: { heartRate: 72, spo2: 97, temperature: 36.8 },
  })
  values: Partial<Record<VitalCode, VitalValue>>;
  /** What deserves a second look, such as `spo2Low`. */
  flags: string[];
}

export class VitalSummaryDto {
  min: number;
  avg: number;
  max: number;
  /** How many readings had the value. */
  n: number;
}

/** For what has no average: whether oxygen is given, and consciousness. */
export class CodedVitalSummaryDto {
  @ApiProperty({ oneOf: anyValue })
  last: VitalValue;
  /** How many readings had the value. */
  n: number;
}

@ApiExtraModels(VitalSummaryDto, CodedVitalSummaryDto)
export class VitalsBucketDto {
  /** When the bucket begins; buckets of an hour begin at full hours of UTC. */
  @ApiProperty({ format: 'date-time' })
  from: string;
  @ApiProperty({
    type: 'object',
    description: 'By code',
    additionalProperties: {
      oneOf: [{ $ref: getSchemaPath(VitalSummaryDto) }, { $ref: getSchemaPath(CodedVitalSummaryDto) }],
    },
  })
  values: Partial<Record<VitalCode, VitalSummaryDto | CodedVitalSummaryDto>>;
}

@ApiExtraModels(VitalsReadingDto, VitalsBucketDto)
export class VitalsHistoryDto {
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  @ApiProperty({ format: 'date-time' })
  from: string;
  @ApiProperty({ format: 'date-time' })
  to: string;
  @ApiProperty({ enum: resolutionNames })
  resolution: Resolution;
  @ApiProperty({
    type: 'array',
    description: 'Raw readings newest first, or buckets oldest first without those nothing was recorded in',
    items: { oneOf: [{ $ref: getSchemaPath(VitalsReadingDto) }, { $ref: getSchemaPath(VitalsBucketDto) }] },
  })
  items: (VitalsReadingDto | VitalsBucketDto)[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

export class LatestVitalDto {
  @ApiProperty({ enum: codes })
  code: VitalCode;
  display: string;
  /** LOINC code of the observation. */
  loinc: string;
  @ApiProperty({ oneOf: anyValue })
  value: VitalValue;
  /** UCUM; null for coded values. */
  @ApiProperty({ type: String, nullable: true })
  unit: string | null;
  @ApiProperty({ format: 'date-time' })
  recordedAt: string;
  /** Seconds since it was recorded. */
  ageSeconds: number;
}

export class LatestVitalsDto {
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  values: LatestVitalDto[];
}

export class WardPatientVitalsDto extends LatestVitalsDto {
  mrn: string;
  name: string;
  @ApiProperty({ type: String, nullable: true })
  bedLabel: string | null;
}

export class WardVitalsDto {
  items: WardPatientVitalsDto[];
}
