import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IfPresent, IsId } from '../../../platform/http/fields.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { IsCalendarInstant } from '../../scheduling/scheduling.fields.js';

export const waitlistStatuses = ['waiting', 'offered', 'booked', 'closed'] as const;
export type WaitlistStatus = (typeof waitlistStatuses)[number];

export class JoinWaitlistDto {
  /** The caller's own record when absent. */
  @IfPresent()
  @IsId()
  patientId?: string;

  @IsId()
  serviceId: string;

  /** Any when absent. */
  @IfPresent()
  @IsId()
  providerId?: string;

  /** Any when absent. */
  @IfPresent()
  @IsId()
  siteId?: string;

  /** When it may begin. */
  @IsCalendarInstant()
  from: Date;

  /** Before which it begins, at most a year after `from`. */
  @IsCalendarInstant()
  to: Date;
}

export class WaitlistQueryDto extends PageQueryDto {
  @IfPresent()
  @IsId()
  serviceId?: string;

  @IfPresent()
  @IsId()
  providerId?: string;

  @IfPresent()
  @IsIn(waitlistStatuses)
  @ApiPropertyOptional({ enum: waitlistStatuses })
  status?: WaitlistStatus;
}

export class WaitlistEntryDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  @ApiProperty({ format: 'uuid' })
  serviceId: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  providerId: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  siteId: string | null;
  @ApiProperty({ format: 'date-time' })
  from: string;
  @ApiProperty({ format: 'date-time' })
  to: string;
  /** `offered`: the appointment is held for the patient, who books it by setting its status to `booked`. */
  @ApiProperty({ enum: waitlistStatuses })
  status: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  appointmentId: string | null;
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}

export class WaitlistPageDto {
  @ApiProperty({ type: [WaitlistEntryDto] })
  items: WaitlistEntryDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
