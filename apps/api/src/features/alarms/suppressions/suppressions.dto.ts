import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Matches, Max, Min, MinLength } from 'class-validator';
import { IsFlag, IsLine } from '../../../platform/http/fields.js';
import { PageQueryDto } from '../../../platform/http/page.js';

/** The database keeps it. */
const maxMinutes = 12 * 60;

export class CreateSuppressionDto {
  /** The rule of an alarm, such as `spo2-low`; absent or null: all rules. */
  @IsOptional()
  @Matches(/^[a-zA-Z0-9-]{1,60}$/)
  @ApiPropertyOptional({ type: String, nullable: true })
  rule?: string | null;

  /** Why nobody needs to be told, of at least three characters. */
  @MinLength(3)
  @IsLine(500)
  reason: string;

  /** How long, at most 12 hours. */
  @IsInt()
  @Min(1)
  @Max(maxMinutes)
  minutes: number;
}

export class SuppressionsQueryDto extends PageQueryDto {
  /** Only those that last. */
  @IsOptional()
  @IsFlag()
  active?: boolean;
}

export class SuppressionDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  /** Null: all rules. */
  @ApiProperty({ type: String, nullable: true })
  rule: string | null;
  reason: string;
  @ApiProperty({ format: 'date-time' })
  startsAt: string;
  @ApiProperty({ format: 'date-time' })
  endsAt: string;
  active: boolean;
  @ApiProperty({ format: 'uuid' })
  createdBy: string;
  /** Who ended it before its time. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  endedBy: string | null;
}

export class SuppressionPageDto {
  items: SuppressionDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
