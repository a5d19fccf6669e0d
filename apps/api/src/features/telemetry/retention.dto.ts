import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import { IfPresent } from '../../platform/http/fields.js';

const units = ['day', 'month'] as const;
export type PartitionUnit = (typeof units)[number];

/** Whole days. What is kept longer must be coarser: readings ≤ minutes ≤ quarters of an hour. */
export class UpdateRetentionDto {
  /** Readings as they came. */
  @IfPresent()
  @IsInt()
  @Min(30)
  @Max(3_650)
  rawDays?: number;

  /** Sums of a minute. */
  @IfPresent()
  @IsInt()
  @Min(30)
  @Max(36_500)
  rollup1mDays?: number;

  /** Sums of 15 minutes. */
  @IfPresent()
  @IsInt()
  @Min(30)
  @Max(36_500)
  rollup15mDays?: number;

  /** Waveforms; they may come late by 7 days. */
  @IfPresent()
  @IsInt()
  @Min(8)
  @Max(90)
  waveformDays?: number;

  /** How readings are cut into partitions that are not made yet: by days above a million readings a day. */
  @IfPresent()
  @IsIn(units)
  @ApiProperty({ enum: units, required: false })
  partitionBy?: PartitionUnit;
}

export class RetentionDto {
  rawDays: number;
  rollup1mDays: number;
  rollup15mDays: number;
  waveformDays: number;
  @ApiProperty({ enum: units })
  partitionBy: PartitionUnit;
  version: number;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}
