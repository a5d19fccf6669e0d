import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { IfPresent, IsFlag, IsId } from '../../../platform/http/fields.js';
import { IsZone } from '../../../platform/http/zone.js';
import { IsDayOrInstant, type DayOrInstant } from '../scheduling.fields.js';

export const maxSlots = 1_000;

export class SlotsQueryDto {
  @IfPresent()
  @IsId()
  serviceId?: string;

  @IfPresent()
  @IsId()
  providerId?: string;

  @IfPresent()
  @IsId()
  siteId?: string;

  /**
   * Rooms and devices that are to be free too, separated by commas; for staff. Slots at which one is closed are left out,
   * and those at which one is taken are taken.
   */
  @IfPresent()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.split(',') : value))
  @ArrayMaxSize(10)
  @ArrayUnique()
  @IsId({ each: true })
  @ApiPropertyOptional({ type: String })
  resourceIds?: string[];

  /** A day, or a time with a zone; now when absent, and never before. */
  @IfPresent()
  @IsDayOrInstant()
  @ApiPropertyOptional({ type: String, example: '2026-03-29' })
  from?: DayOrInstant;

  /** A day, which is the last one, or a time with a zone before which slots start; a week after `from` when absent. */
  @IfPresent()
  @IsDayOrInstant()
  @ApiPropertyOptional({ type: String, example: '2026-04-04' })
  to?: DayOrInstant;

  /** Whose days `from` and `to` are; the site's of each slot when absent. */
  @IfPresent()
  @IsZone()
  tz?: string;

  /** Only those that are free, or only those that are taken. */
  @IsOptional()
  @IsFlag()
  free?: boolean;

  /** How many to return. */
  @ApiPropertyOptional()
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(maxSlots)
  limit: number = 100;

  /** `nextCursor` of the page before. */
  @IsOptional()
  @IsString()
  @MaxLength(500)
  cursor?: string;
}

export class SlotDto {
  @ApiProperty({ format: 'date-time' })
  start: string;
  @ApiProperty({ format: 'date-time' })
  end: string;
  @ApiProperty({ format: 'uuid' })
  providerId: string;
  @ApiProperty({ format: 'uuid' })
  serviceId: string;
  @ApiProperty({ format: 'uuid' })
  siteId: string;
  /** Zone of the site. */
  tz: string;
  free: boolean;
  /** How many more can be booked at this time. */
  seatsFree: number;
}

export class SlotPageDto {
  @ApiProperty({ type: [SlotDto] })
  items: SlotDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
