import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { CountedPageQueryDto } from '../../../platform/http/counted-page.js';
import { IsId } from '../../../platform/http/fields.js';
import { IsInstant } from '../../../platform/http/instant.js';
import {
  channels,
  deliveryStatuses,
  templateCodes,
  type Channel,
  type DeliveryStatus,
  type TemplateCode,
} from '../notification.terms.js';

export class NotificationLogQueryDto extends CountedPageQueryDto {
  @IsOptional()
  @IsIn(channels)
  @ApiPropertyOptional({ enum: channels })
  channel?: Channel;

  @IsOptional()
  @IsIn(deliveryStatuses)
  @ApiPropertyOptional({ enum: deliveryStatuses })
  status?: DeliveryStatus;

  @IsOptional()
  @IsIn(templateCodes)
  @ApiPropertyOptional({ enum: templateCodes })
  code?: TemplateCode;

  @IsOptional()
  @IsId()
  @ApiPropertyOptional({ format: 'uuid' })
  userId?: string;

  @IsOptional()
  @IsId()
  @ApiPropertyOptional({ format: 'uuid' })
  patientId?: string;

  @IsOptional()
  @IsId()
  @ApiPropertyOptional({ format: 'uuid' })
  broadcastId?: string;

  /** Written at this time or later. */
  @IsOptional()
  @IsInstant()
  from?: Date;

  /** Exclusive. */
  @IsOptional()
  @IsInstant()
  to?: Date;
}

export class NotificationDeliveryDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  notificationId: string;
  @ApiProperty({ enum: templateCodes })
  code: TemplateCode;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  userId: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  patientId: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  broadcastId: string | null;
  @ApiProperty({ enum: channels })
  channel: Channel;
  @ApiProperty({ enum: deliveryStatuses })
  status: DeliveryStatus;
  attempts: number;
  /** When it is tried next. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  dueAt: string | null;
  /** What the provider calls it. */
  @ApiProperty({ type: String, nullable: true })
  providerId: string | null;
  /** Why the last try was not the end, or why there is none any more: a code such as `fcm.UNREGISTERED`. */
  @ApiProperty({ type: String, nullable: true })
  error: string | null;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt: string | null;
}

export class NotificationLogDto {
  @ApiProperty({ type: [NotificationDeliveryDto] })
  items: NotificationDeliveryDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
