import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsLine } from '../../platform/http/fields.js';

export class MetricsQueryDto {
  /** IANA zone in which today, this week and this month begin; that of the hospital, or UTC for the platform. */
  @IsOptional()
  @IsLine(60)
  @ApiPropertyOptional({ example: 'Africa/Nairobi' })
  timezone?: string;
}

const counts = { type: 'object', additionalProperties: { type: 'integer' } } as const;

export class UserMetricsDto {
  total: number;
  /** Who may sign in. */
  active: number;
  /** People who hold each role. */
  @ApiProperty(counts)
  byRole: Record<string, number>;
}

export class AppointmentMetricsDto {
  /** Without those that are only held. */
  total: number;
  @ApiProperty(counts)
  byStatus: Record<string, number>;
}

export class NotificationMetricsDto {
  /** Since midnight. */
  today: number;
  /** Since Monday. */
  week: number;
  /** Since the first of the month. */
  month: number;
}

export class MetricsDto {
  /** The local date that is today. */
  @ApiProperty({ format: 'date' })
  today: string;
  timezone: string;
  users: UserMetricsDto;
  appointments: AppointmentMetricsDto;
  notifications: NotificationMetricsDto;
}
