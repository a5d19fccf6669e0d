import { auditActions, auditOutcomes, type AuditAction, type AuditOutcome } from '@hms/audit';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { IsFlag, IsId } from '../../platform/http/fields.js';
import { IsInstant } from '../../platform/http/instant.js';
import { PageQueryDto } from '../../platform/http/page.js';

export class AuditPeriodQueryDto extends PageQueryDto {
  @IsOptional()
  @IsInstant()
  from?: Date;

  /** Exclusive. */
  @IsOptional()
  @IsInstant()
  to?: Date;
}

export class AuditQueryDto extends AuditPeriodQueryDto {
  /** Who did it. */
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsId()
  actor?: string;

  /** Whose record it was. */
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsId()
  patient?: string;

  /** Kind of record, such as `allergy`. */
  @IsOptional()
  @Matches(/^[a-z][a-z-]{0,59}$/)
  entity?: string;

  @ApiPropertyOptional({ enum: auditActions })
  @IsOptional()
  @IsIn(auditActions)
  action?: AuditAction;

  @ApiPropertyOptional({ enum: auditOutcomes })
  @IsOptional()
  @IsIn(auditOutcomes)
  outcome?: AuditOutcome;

  /** Only what was reached by breaking glass, or only what was not. */
  @IsOptional()
  @IsFlag()
  breakGlass?: boolean;
}

export class AuditEventDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'date-time' })
  at: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  actorId: string | null;
  /** Null for nobody, and for an account that is gone. */
  @ApiProperty({ type: String, nullable: true })
  actorName: string | null;
  actorRoles: string[];
  @ApiProperty({ enum: auditActions })
  action: AuditAction;
  entity: string;
  entityIds: string[];
  patientIds: string[];
  /** Method and route, or the event of a socket. */
  operation: string;
  @ApiProperty({ enum: auditOutcomes })
  outcome: AuditOutcome;
  @ApiProperty({ type: String, nullable: true, description: 'Code of the refusal' })
  reason: string | null;
  @ApiProperty({ type: String, nullable: true })
  ip: string | null;
  @ApiProperty({ type: String, nullable: true })
  userAgent: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  sessionId: string | null;
  @ApiProperty({ type: String, nullable: true })
  requestId: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  breakGlass: string | null;
}

export class AuditPageDto {
  items: AuditEventDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

/** One access to a record, as its patient may see it. */
export class OwnAccessDto {
  @ApiProperty({ format: 'date-time' })
  at: string;
  @ApiProperty({ type: String, nullable: true })
  actorName: string | null;
  actorRoles: string[];
  @ApiProperty({ enum: auditActions })
  action: AuditAction;
  entity: string;
  /** Somebody without the usual right was let in, for a reason that is reviewed. */
  brokeGlass: boolean;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
}

export class OwnAccessPageDto {
  items: OwnAccessDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
