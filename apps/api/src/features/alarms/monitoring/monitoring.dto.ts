import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { IsLine } from '../../../platform/http/fields.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { scoreChoices, scoreProfiles, spo2Scales } from './monitoring.policy.js';
import type { ScoreChoice, ScoreProfile, Spo2Scale } from './monitoring.policy.js';

export class SetMonitoringDto {
  /** 2 is for hypercapnic respiratory failure. */
  @ApiProperty({ enum: spo2Scales })
  @IsIn(spo2Scales)
  spo2Scale: Spo2Scale;

  /** `by-age`: NEWS2 from 16 years on, Bedside PEWS below. `off`: none fits, as in pregnancy. */
  @ApiProperty({ enum: scoreChoices })
  @IsIn(scoreChoices)
  score: ScoreChoice;

  /** Why; needed for anything but scale 1 with the score by age. */
  @IsOptional()
  @IsLine(500)
  reason?: string | null;
}

export class MonitoringDto {
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  @ApiProperty({ enum: spo2Scales })
  spo2Scale: Spo2Scale;
  @ApiProperty({ enum: scoreChoices })
  score: ScoreChoice;
  @ApiProperty({ type: String, nullable: true })
  reason: string | null;
  /** 0 where nobody decided anything yet. */
  version: number;
  /** Who decided it. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  updatedBy: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  updatedAt: string | null;
}

export class ScoresQueryDto extends PageQueryDto {
  @ApiPropertyOptional({ enum: scoreProfiles })
  @IsOptional()
  @IsIn(scoreProfiles)
  profile?: ScoreProfile;
}

export class ScoreDto {
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  @ApiProperty({ enum: scoreProfiles })
  profile: ScoreProfile;
  profileVersion: string;
  /** When the newest of its inputs was recorded. */
  @ApiProperty({ format: 'date-time' })
  computedFor: string;
  @ApiProperty({ format: 'date-time' })
  computedAt: string;
  /** Null when an input is missing or too old: an incomplete score is no score. */
  @ApiProperty({ type: Number, nullable: true })
  total: number | null;
  /** Points of the inputs there are. */
  partial: number;
  band: string;
  /** What to do, as the score's authors say it; null for a band that asks for nothing. */
  @ApiProperty({ type: String, nullable: true })
  response: string | null;
  @ApiProperty({ type: 'object', additionalProperties: true })
  inputs: Record<string, unknown>;
  /** Codes of the inputs that are missing or too old. */
  missing: string[];
  /** From readings that came late: it raised no alarm. */
  retrospective: boolean;
}

export class ScorePageDto {
  items: ScoreDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

/**
 * Quick SOFA, for adults where an infection is suspected: 2 and more is a higher risk. For information, never an alarm: it
 * misses many who have sepsis, and is no screen by itself.
 */
export class QsofaDto {
  /** Null when an input is missing or too old. */
  @ApiProperty({ type: Number, nullable: true })
  total: number | null;
  /** Points of the inputs there are. */
  partial: number;
  /** `low`, `higher-risk` or `incomplete`. */
  band: string;
  missing: string[];
}

export class LatestScoreDto {
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  /** Null before the first. */
  @ApiProperty({ type: ScoreDto, nullable: true })
  score: ScoreDto | null;
  /** As of now; null for whoever is not scored as an adult. */
  @ApiProperty({ type: QsofaDto, nullable: true })
  qsofa: QsofaDto | null;
}
