import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsFlag } from '../../../platform/http/fields.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { AlarmDto } from '../episodes/alarms.dto.js';

export class NotificationsQueryDto extends PageQueryDto {
  /** Only of alarms that are not resolved. */
  @IsOptional()
  @IsFlag()
  open?: boolean;
}

export class NotificationDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  /** Of the step that told the caller: 0 at once, further ones because nobody acknowledged it. */
  level: number;
  @ApiProperty({ format: 'date-time' })
  toldAt: string;
  /** As it is now. */
  alarm: AlarmDto;
}

export class NotificationPageDto {
  @ApiProperty({ type: [NotificationDto] })
  items: NotificationDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
