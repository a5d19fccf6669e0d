import {
  acvpuLevels,
  chartedSigns,
  respiratoryEffortLevels,
  type ChartedCode,
  type ChartedValue,
} from '@hms/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsOptional,
  MinLength,
  ValidateBy,
  ValidateNested,
} from 'class-validator';
import { IfPresent, IsLine } from '../../../platform/http/fields.js';
import { IsInstant } from '../../../platform/http/instant.js';
import { PageQueryDto } from '../../../platform/http/page.js';

const codes = chartedSigns.map(({ code }) => code);
const anyValue = [
  { type: 'number' },
  { type: 'boolean' },
  { type: 'string', enum: [...acvpuLevels, ...respiratoryEffortLevels] },
];

/** Whether it is one of the sign is decided when the sign is known. */
const IsChartedValue = (): PropertyDecorator =>
  ValidateBy({
    name: 'isChartedValue',
    validator: {
      validate: (value) =>
        typeof value === 'boolean' || Number.isFinite(value) || (typeof value === 'string' && value.length <= 20),
      defaultMessage: () => '$property must be a number, true, false or a word',
    },
  });

export class ChartedValueDto {
  @ApiProperty({ enum: codes })
  @IsIn(codes)
  code: ChartedCode;

  /** In the unit of the sign: a number, true or false, `A C V P U`, or `normal mild moderate severe`. */
  @ApiProperty({ oneOf: anyValue, example: 72 })
  @IsChartedValue()
  value: ChartedValue;
}

export class ChartObservationsDto {
  /** When they were observed: not in the future, at most 7 days ago; now when absent. */
  @IfPresent()
  @IsInstant()
  recordedAt?: Date;

  /** One round at the bedside; each sign once. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(codes.length)
  @ValidateNested({ each: true })
  @Type(() => ChartedValueDto)
  @ApiProperty({ type: [ChartedValueDto] })
  values: ChartedValueDto[];
}

export class VoidObservationDto {
  /** What was wrong, of at least three characters. */
  @MinLength(3)
  @IsLine(500)
  reason: string;
}

export class ObservationsQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: codes })
  @IsOptional()
  @IsIn(codes)
  code?: ChartedCode;

  /** Observed at this time or later. */
  @IsOptional()
  @IsInstant()
  from?: Date;

  /** Exclusive. */
  @IsOptional()
  @IsInstant()
  to?: Date;
}

export const observationStatuses = ['final', 'entered-in-error'] as const;
export type ObservationStatus = (typeof observationStatuses)[number];

export class ObservationDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  @ApiProperty({ enum: codes })
  code: ChartedCode;
  @ApiProperty({ oneOf: anyValue })
  value: ChartedValue;
  /** UCUM; null for coded values. */
  @ApiProperty({ type: String, nullable: true })
  unit: string | null;
  @ApiProperty({ format: 'date-time' })
  recordedAt: string;
  /** `imported`: charted in another system, and brought by `hms import`. */
  @ApiProperty({ enum: ['manual', 'imported'] })
  method: string;
  @ApiProperty({ enum: observationStatuses })
  status: ObservationStatus;
  /** Null when it was imported. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  recordedBy: string | null;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  /** Who called it an error. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  voidedBy: string | null;
  @ApiProperty({ type: String, nullable: true })
  voidReason: string | null;
}

export class ObservationListDto {
  @ApiProperty({ type: [ObservationDto] })
  items: ObservationDto[];
}

export class ObservationPageDto extends ObservationListDto {
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
