import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import { IfPresent, IsLine } from '../../../platform/http/fields.js';
import { IsZone } from '../../../platform/http/zone.js';

export class CreateSiteDto {
  @IsLine(100)
  name: string;

  /** IANA zone: what wall clock times of schedules here mean. */
  @IsZone()
  tz: string;

  @IsOptional()
  @IsLine(300)
  address?: string | null;
}

/** Absent means unchanged. */
export class UpdateSiteDto {
  @IfPresent()
  @IsLine(100)
  name?: string;

  /** Schedules keep their wall clock times; appointments keep their moments. */
  @IfPresent()
  @IsZone()
  tz?: string;

  @IsOptional()
  @IsLine(300)
  address?: string | null;

  @IfPresent()
  @IsBoolean()
  active?: boolean;
}

export class SiteDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  name: string;
  tz: string;
  @ApiProperty({ type: String, nullable: true })
  address: string | null;
  active: boolean;
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class SitePageDto {
  @ApiProperty({ type: [SiteDto] })
  items: SiteDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
