import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayUnique, IsArray, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { IfPresent, IsId } from '../../../platform/http/fields.js';
import { IsDay, IsTimeOfDay } from '../scheduling.fields.js';

export const audiences = ['staff', 'patient'] as const;
export type Audience = (typeof audiences)[number];

class RuleDetailsDto {
  /** Only these services; all when empty. */
  @IfPresent()
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @IsId({ each: true })
  @ApiPropertyOptional({ type: [String], format: 'uuid' })
  serviceIds?: string[];

  /** How many appointments at one time; that of the resource when null. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100)
  capacity?: number | null;

  /** The first day it counts. */
  @IsOptional()
  @IsDay()
  validFrom?: string | null;

  /** The last day it counts. */
  @IsOptional()
  @IsDay()
  validUntil?: string | null;

  /** `staff`: patients see nothing of it. */
  @IfPresent()
  @IsIn(audiences)
  @ApiPropertyOptional({ enum: audiences, default: 'patient' })
  bookableBy?: Audience;

  /** How long before a slot patients may still book it. */
  @IfPresent()
  @IsInt()
  @Min(0)
  @Max(44_640)
  minNoticeMin?: number;

  /** How far ahead slots are offered. */
  @IfPresent()
  @IsInt()
  @Min(1)
  @Max(730)
  horizonDays?: number;
}

export class CreateRuleDto extends RuleDetailsDto {
  /** Where, and by whose clock. */
  @IsId()
  siteId: string;

  /** ISO 8601: Monday is 1. */
  @IsInt()
  @Min(1)
  @Max(7)
  weekday: number;

  @IsTimeOfDay()
  localStart: string;

  /** At or before the start: on the next day. */
  @IsTimeOfDay()
  localEnd: string;

  /** A slot starts this often. */
  @IsInt()
  @Min(5)
  @Max(720)
  slotMin: number;
}

/** Absent means unchanged. What is booked stays booked. */
export class UpdateRuleDto extends RuleDetailsDto {
  @IfPresent()
  @IsId()
  siteId?: string;

  @IfPresent()
  @IsInt()
  @Min(1)
  @Max(7)
  weekday?: number;

  @IfPresent()
  @IsTimeOfDay()
  localStart?: string;

  @IfPresent()
  @IsTimeOfDay()
  localEnd?: string;

  @IfPresent()
  @IsInt()
  @Min(5)
  @Max(720)
  slotMin?: number;
}

export class RuleDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  resourceId: string;
  @ApiProperty({ format: 'uuid' })
  siteId: string;
  @ApiProperty({ type: [String], format: 'uuid' })
  serviceIds: string[];
  weekday: number;
  localStart: string;
  localEnd: string;
  slotMin: number;
  @ApiProperty({ type: Number, nullable: true })
  capacity: number | null;
  @ApiProperty({ type: String, format: 'date', nullable: true })
  validFrom: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true })
  validUntil: string | null;
  @ApiProperty({ enum: audiences })
  bookableBy: string;
  minNoticeMin: number;
  horizonDays: number;
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class RulePageDto {
  @ApiProperty({ type: [RuleDto] })
  items: RuleDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
