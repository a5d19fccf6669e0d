import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IfPresent } from '../../platform/http/fields.js';
import { PageQueryDto } from '../../platform/http/page.js';
import { IsCalendarInstant } from '../scheduling/scheduling.fields.js';
import { timelineKinds, type TimelineKind } from './timeline.kinds.js';

export class TimelineQueryDto extends PageQueryDto {
  /** One kind only. */
  @IfPresent()
  @IsIn(timelineKinds)
  @ApiPropertyOptional({ enum: timelineKinds })
  kind?: TimelineKind;

  /** At this time or later. */
  @IfPresent()
  @IsCalendarInstant()
  from?: Date;

  /** Exclusive. */
  @IfPresent()
  @IsCalendarInstant()
  to?: Date;
}

export class TimelineEntryDto {
  @ApiProperty({ enum: timelineKinds })
  kind: string;
  /** Of what it is about: read it where its kind is at home. */
  @ApiProperty({ format: 'uuid' })
  id: string;
  /** When it happened, not when it was written down. */
  @ApiProperty({ format: 'date-time' })
  at: string;
  /** A line of what it says, such as `Pneumonia, unspecified organism (J18.9)`. */
  summary: string;
  status: string;
}

export class TimelinePageDto {
  @ApiProperty({ type: [TimelineEntryDto] })
  items: TimelineEntryDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
