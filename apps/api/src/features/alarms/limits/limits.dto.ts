import { alarmPriorities, type AlarmPriority, type VitalCode } from '@hms/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsNumber, IsOptional, Max, Min } from 'class-validator';
import { IfPresent } from '../../../platform/http/fields.js';
import { limitedCodes, limitedSigns } from './limit.values.js';

export const limitLevels = ['hospital', 'ward', 'patient'] as const;
export type LimitLevel = (typeof limitLevels)[number];

/** Of any sign. */
const largest = Math.max(...limitedSigns.flatMap((sign) => ('max' in sign ? [sign.max] : [])));

/** Without `low` and `high`, the sign is silent on this level and those above. */
export class SetLimitDto {
  /** A value below it is an alarm; in the unit of the sign. */
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(largest)
  low?: number | null;

  /** A value above it is an alarm. */
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(largest)
  high?: number | null;

  /** How far inside the limits a value must be to end the alarm. */
  @ApiPropertyOptional({ default: 0 })
  @IfPresent()
  @IsNumber()
  @Min(0)
  @Max(largest)
  hysteresis?: number;

  /** How long values must be beyond a limit before somebody is told. */
  @ApiPropertyOptional({ default: 0 })
  @IfPresent()
  @IsInt()
  @Min(0)
  @Max(60)
  persistSeconds?: number;

  @ApiProperty({ enum: alarmPriorities })
  @IsIn(alarmPriorities)
  priority: AlarmPriority;
}

export class LimitDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ enum: limitedCodes })
  vital: VitalCode;
  /** UCUM. */
  @ApiProperty({ type: String, nullable: true })
  unit: string | null;
  /** For whom it is. */
  @ApiProperty({ enum: limitLevels })
  level: LimitLevel;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  wardId: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  patientId: string | null;
  @ApiProperty({ type: Number, nullable: true })
  low: number | null;
  @ApiProperty({ type: Number, nullable: true })
  high: number | null;
  hysteresis: number;
  persistSeconds: number;
  @ApiProperty({ enum: alarmPriorities })
  priority: AlarmPriority;
  /** Send it back as `If-Match`; a limit that is not there yet has version 0. */
  version: number;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
  /** Null for what the hospital began with. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  updatedBy: string | null;
}

export class LimitListDto {
  @ApiProperty({ type: [LimitDto] })
  items: LimitDto[];
}
