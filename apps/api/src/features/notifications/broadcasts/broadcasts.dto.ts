import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IfPresent, IsLine, IsText } from '../../../platform/http/fields.js';
import { priorities, type Priority } from '../notification.terms.js';
import { broadcastStatuses, broadcastTargets, type BroadcastStatus, type BroadcastTarget } from './broadcast.terms.js';

export class CreateBroadcastDto {
  /** `pharmacies`: the pharmacists of the hospital. */
  @IsIn(broadcastTargets)
  @ApiProperty({ enum: broadcastTargets })
  target: BroadcastTarget;

  /** Shown on locked screens: it is for everybody, so it says nothing of anybody. */
  @IsLine(200)
  title: string;

  @IsText(2_000)
  body: string;

  /** `urgent` goes out at once and on every channel the hospital allows. */
  @IfPresent()
  @IsIn(priorities)
  @ApiPropertyOptional({ enum: priorities, default: 'normal' })
  priority?: Priority;
}

/** What became of what was to leave the platform; messages in inboxes are not counted. */
export class BroadcastCountsDto {
  queued: number;
  sending: number;
  sent: number;
  failed: number;
  expired: number;
  cancelled: number;
}

export class BroadcastDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ enum: broadcastTargets })
  target: BroadcastTarget;
  title: string;
  body: string;
  @ApiProperty({ enum: priorities })
  priority: Priority;
  /** `running` until every recipient has a notification; `cancelled` once it was taken back, before that or after. */
  @ApiProperty({ enum: broadcastStatuses })
  status: BroadcastStatus;
  /** Who has a notification so far. */
  recipients: number;
  deliveries: BroadcastCountsDto;
  @ApiProperty({ format: 'uuid' })
  createdBy: string;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt: string | null;
}

export class BroadcastPageDto {
  @ApiProperty({ type: [BroadcastDto] })
  items: BroadcastDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
