import { ApiProperty } from '@nestjs/swagger';

export class CalendarFeedDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  resourceId: string;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt: string | null;
}

export class NewCalendarFeedDto extends CalendarFeedDto {
  /** For a calendar program. It is shown this once: whoever holds it sees when the provider is busy. */
  path: string;
}

export class CalendarFeedsDto {
  @ApiProperty({ type: [CalendarFeedDto] })
  items: CalendarFeedDto[];
}
