import { syncEntityNames } from '@hms/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { IfPresent, IsFlag, IsId } from '../../../platform/http/fields.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { SyncSourceDto, SyncUserDto } from '../sync.dto.js';

const states = ['open', 'resolved'] as const;
export type ConflictState = (typeof states)[number];
const kinds = ['merged', 'conflict'] as const;
const resolutions = ['theirs', 'mine'] as const;
export type Resolution = (typeof resolutions)[number];

export class ConflictsQueryDto extends PageQueryDto {
  @IsOptional()
  @IsIn(states)
  @ApiPropertyOptional({ enum: states })
  state: ConflictState = 'open';

  /** Conflicts of patients who lie on this ward, whoever made the changes. Absent: the caller's own. */
  @IfPresent()
  @IsId()
  wardId?: string;

  /** Of a ward's conflicts, the caller's own only. */
  @IsOptional()
  @IsFlag()
  mine?: boolean;

  @IfPresent()
  @IsId()
  patientId?: string;
}

export class ResolveConflictDto {
  /** `theirs`: the record stays as it is. `mine`: it takes the values of the device; for `patients` only. */
  @IsIn(resolutions)
  @ApiProperty({ enum: resolutions })
  resolution: Resolution;
}

export class ConflictFieldDto {
  field: string;
  /** What the device said; any JSON. */
  @ApiProperty({})
  yours: unknown;
  /** What the record said when the change came. */
  @ApiProperty({})
  theirs: unknown;
}

export class ConflictDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  /** Of the change, as its device names it. */
  @ApiProperty({ format: 'uuid' })
  opId: string;
  @ApiProperty({ enum: syncEntityNames })
  entity: string;
  @ApiProperty({ format: 'uuid' })
  rowId: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  /** `merged`: the rest of the change took effect; `conflict`: none of it. */
  @ApiProperty({ enum: kinds })
  kind: string;
  @ApiProperty({ type: String, nullable: true })
  code: string | null;
  /** The version the change was made on, and the one it met. */
  @ApiProperty({ type: Number, nullable: true })
  baseVersion: number | null;
  rowVersion: number;
  /** Without those the caller may not see. */
  @ApiProperty({ type: [ConflictFieldDto] })
  fields: ConflictFieldDto[];
  author: SyncUserDto;
  device: SyncSourceDto;
  /** When the change was made, by the device's clock. */
  @ApiProperty({ format: 'date-time' })
  clientAt: string;
  /** How far that clock was off, to be added to `clientAt`, milliseconds. */
  skewMs: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ enum: resolutions, nullable: true })
  resolution: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  resolvedAt: string | null;
  @ApiProperty({ type: SyncUserDto, nullable: true })
  resolvedBy: SyncUserDto | null;
  /** Send it back as `If-Match`. */
  version: number;
}

export class ConflictPageDto {
  @ApiProperty({ type: [ConflictDto] })
  items: ConflictDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
