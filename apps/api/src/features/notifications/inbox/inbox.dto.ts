import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { IsFlag } from '../../../platform/http/fields.js';
import { CountedPageQueryDto } from '../../../platform/http/counted-page.js';
import { priorities, templateCodes, type Priority, type TemplateCode } from '../notification.terms.js';

export class InboxQueryDto extends CountedPageQueryDto {
  /** Only those that were not read, or only those that were. */
  @IsOptional()
  @IsFlag()
  unread?: boolean;
}

export class InboxNotificationDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ enum: templateCodes })
  code: TemplateCode;
  /** In the language of the caller, or of the hospital. */
  title: string;
  body: string;
  @ApiProperty({ enum: priorities })
  priority: Priority;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readAt: string | null;
}

export class InboxPageDto {
  @ApiProperty({ type: [InboxNotificationDto] })
  items: InboxNotificationDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
