import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Length, Max, Min } from 'class-validator';
import { PageQueryDto } from '../../platform/http/page.js';
import {
  breakGlassStatuses,
  maxMinutes,
  reasonCodes,
  reviewOutcomes,
  type BreakGlassStatus,
  type ReasonCode,
  type ReviewOutcome,
} from './break-glass.policy.js';

export class OpenBreakGlassDto {
  @ApiProperty({ enum: reasonCodes })
  @IsIn(reasonCodes)
  reasonCode: ReasonCode;

  /** In words, for whoever reviews it. */
  @IsString()
  @Length(20, 1_000)
  justification: string;

  /** How long it is needed. */
  @ApiPropertyOptional({ default: maxMinutes })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(maxMinutes)
  minutes?: number;
}

export class ReviewBreakGlassDto {
  @ApiProperty({ enum: reviewOutcomes })
  @IsIn(reviewOutcomes)
  outcome: ReviewOutcome;

  @IsString()
  @Length(1, 1_000)
  note: string;
}

export class ListBreakGlassQueryDto extends PageQueryDto {
  /** `open` still runs, `unreviewed` has ended and waits for a review, `reviewed` is done. Absent: all. */
  @ApiPropertyOptional({ enum: breakGlassStatuses })
  @IsOptional()
  @IsIn(breakGlassStatuses)
  status?: BreakGlassStatus;
}

export class BreakGlassDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  /** Who reached the patient. */
  @ApiProperty({ format: 'uuid' })
  userId: string;
  @ApiProperty({ enum: reasonCodes })
  reasonCode: string;
  justification: string;
  @ApiProperty({ enum: breakGlassStatuses })
  status: BreakGlassStatus;
  @ApiProperty({ format: 'date-time' })
  openedAt: string;
  @ApiProperty({ format: 'date-time' })
  expiresAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  closedAt: string | null;
  /** 72 hours after it was opened. */
  @ApiProperty({ format: 'date-time' })
  reviewDueAt: string;
  /** Whether a review is late. */
  overdue: boolean;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  reviewedAt: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  reviewedBy: string | null;
  @ApiProperty({ enum: reviewOutcomes, nullable: true })
  outcome: string | null;
  @ApiProperty({ type: String, nullable: true })
  reviewNote: string | null;
}

export class BreakGlassPageDto {
  items: BreakGlassDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
