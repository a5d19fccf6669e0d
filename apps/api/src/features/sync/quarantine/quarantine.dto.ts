import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, MinLength } from 'class-validator';
import { IfPresent, IsId, IsLine } from '../../../platform/http/fields.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { SyncSourceDto, SyncUserDto } from '../sync.dto.js';

const states = ['open', 'reviewed'] as const;
export type QuarantineState = (typeof states)[number];
const outcomes = ['discarded', 'reissued'] as const;

export class OwnQuarantineQueryDto extends PageQueryDto {
  @IsOptional()
  @IsIn(states)
  @ApiPropertyOptional({ enum: states })
  state: QuarantineState = 'open';

  /** Why they were refused, such as `forbidden_scope`. */
  @IfPresent()
  @IsLine(64)
  code?: string;
}

export class QuarantineQueryDto extends OwnQuarantineQueryDto {
  /** Changes of this user. */
  @IfPresent()
  @IsId()
  userId?: string;
}

export class ReviewQuarantineDto {
  /** `discarded`: not to be done; `reissued`: somebody made the change anew. */
  @IsIn(outcomes)
  @ApiProperty({ enum: outcomes })
  outcome: (typeof outcomes)[number];

  /** Why, or as which change; at least three characters. */
  @MinLength(3)
  @IsLine(500)
  note: string;
}

export class QuarantinedDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  /** Of the change, as its device names it. */
  @ApiProperty({ format: 'uuid' })
  opId: string;
  user: SyncUserDto;
  device: SyncSourceDto;
  /** Number of the change on its device. */
  seq: number;
  /** What it was about, such as `notes`. */
  entity: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  rowId: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  patientId: string | null;
  code: string;
  reason: string;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ enum: outcomes, nullable: true })
  outcome: string | null;
  @ApiProperty({ type: String, nullable: true })
  outcomeNote: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  reviewedAt: string | null;
  @ApiProperty({ type: SyncUserDto, nullable: true })
  reviewedBy: SyncUserDto | null;
}

export class QuarantinedDetailDto extends QuarantinedDto {
  /** The change as it was sent. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  op: unknown;
}

export class QuarantinePageDto {
  @ApiProperty({ type: [QuarantinedDto] })
  items: QuarantinedDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
