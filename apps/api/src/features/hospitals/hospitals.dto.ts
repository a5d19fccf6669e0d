import type { HospitalStatus } from '@hms/database';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { CountedPageQueryDto } from '../../platform/http/counted-page.js';
import { IfPresent, IsLine } from '../../platform/http/fields.js';
import { hospitalStatuses } from './hospital.states.js';

export class ListHospitalsQueryDto extends CountedPageQueryDto {
  @IsOptional()
  @IsIn(hospitalStatuses)
  @ApiPropertyOptional({ enum: hospitalStatuses })
  status?: HospitalStatus;

  /** Part of the name or of the slug. */
  @IsOptional()
  @IsLine(100)
  q?: string;
}

/** Absent means unchanged. */
export class UpdateHospitalDto {
  @IfPresent()
  @IsLine(200)
  name?: string;

  /** IANA zone, such as `Africa/Nairobi`. */
  @IfPresent()
  @IsLine(64)
  timezone?: string;
}

export class HospitalDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  /** Short name: part of logins and of the hospital's schema, never changed. */
  slug: string;
  name: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** ISO 4217. */
  currency: string;
  /** IANA zone. */
  timezone: string;
  @ApiProperty({ enum: hospitalStatuses })
  status: HospitalStatus;
  /** Send it back as `If-Match`. */
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class HospitalPageDto {
  @ApiProperty({ type: [HospitalDto] })
  items: HospitalDto[];
  nextCursor: string | null;
}
