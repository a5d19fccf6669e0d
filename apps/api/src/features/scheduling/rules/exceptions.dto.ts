import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayUnique, IsArray, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { IfPresent, IsId, IsLine } from '../../../platform/http/fields.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { IsDay, IsTimeOfDay } from '../scheduling.fields.js';

export const exceptionKinds = ['closed', 'extra', 'capacity'] as const;
export type ExceptionKind = (typeof exceptionKinds)[number];

export class ExceptionsQueryDto extends PageQueryDto {
  /** Only those that last until this day or later. */
  @IfPresent()
  @IsDay()
  from?: string;
}

export class CreateExceptionDto {
  /** By whose clock; of `extra`, where. */
  @IsId()
  siteId: string;

  /** `closed` takes time away, `extra` adds some, `capacity` changes how many appointments fit at one time. */
  @IsIn(exceptionKinds)
  @ApiProperty({ enum: exceptionKinds })
  kind: ExceptionKind;

  @IsDay()
  firstDay: string;

  /** At most a year after the first; the first when absent. */
  @IfPresent()
  @IsDay()
  lastDay?: string;

  /** On each of the days; the whole day when absent, which `extra` may not be. */
  @IfPresent()
  @IsTimeOfDay()
  localStart?: string;

  /** At or before the start: on the next day. */
  @IfPresent()
  @IsTimeOfDay()
  localEnd?: string;

  /** Of `extra`: only these services; all when absent. */
  @IfPresent()
  @IsArray()
  @ArrayMaxSize(50)
  @ArrayUnique()
  @IsId({ each: true })
  @ApiPropertyOptional({ type: [String], format: 'uuid' })
  serviceIds?: string[];

  /** Of `extra`: a slot starts this often. */
  @IfPresent()
  @IsInt()
  @Min(5)
  @Max(720)
  slotMin?: number;

  /** Of `capacity`; for `extra` that of the resource when absent. */
  @IfPresent()
  @IsInt()
  @Min(1)
  @Max(100)
  capacity?: number;

  @IsOptional()
  @IsLine(200)
  reason?: string | null;
}

export class ExceptionDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  resourceId: string;
  @ApiProperty({ format: 'uuid' })
  siteId: string;
  @ApiProperty({ enum: exceptionKinds })
  kind: string;
  @ApiProperty({ format: 'date' })
  firstDay: string;
  @ApiProperty({ format: 'date' })
  lastDay: string;
  @ApiProperty({ type: String, nullable: true })
  localStart: string | null;
  @ApiProperty({ type: String, nullable: true })
  localEnd: string | null;
  @ApiProperty({ type: [String], format: 'uuid' })
  serviceIds: string[];
  @ApiProperty({ type: Number, nullable: true })
  slotMin: number | null;
  @ApiProperty({ type: Number, nullable: true })
  capacity: number | null;
  @ApiProperty({ type: String, nullable: true })
  reason: string | null;
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}

export class ExceptionPageDto {
  @ApiProperty({ type: [ExceptionDto] })
  items: ExceptionDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
