import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IfPresent, IsId } from '../../../platform/http/fields.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { IsDay } from '../../scheduling/scheduling.fields.js';
import { tokenStatuses, type TokenStatus } from './queue-token.states.js';

export class IssueTokenDto {
  @IsId()
  siteId: string;

  @IsId()
  serviceId: string;

  @IsId()
  patientId: string;
}

export class CallNextDto {
  @IsId()
  siteId: string;

  @IsId()
  serviceId: string;
}

export class ChangeTokenDto {
  @IsIn(tokenStatuses)
  @ApiProperty({ enum: tokenStatuses })
  status: TokenStatus;
}

export class QueueTokensQueryDto extends PageQueryDto {
  @IsId()
  siteId: string;

  @IsId()
  serviceId: string;

  /** A local day of the site; today when absent. */
  @IfPresent()
  @IsDay()
  day?: string;

  @IfPresent()
  @IsIn(tokenStatuses)
  @ApiPropertyOptional({ enum: tokenStatuses })
  status?: TokenStatus;
}

export class QueueTokenDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  siteId: string;
  @ApiProperty({ format: 'uuid' })
  serviceId: string;
  @ApiProperty({ format: 'date' })
  day: string;
  number: number;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  /** Null for somebody who walked in. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  appointmentId: string | null;
  @ApiProperty({ enum: tokenStatuses })
  status: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  calledAt: string | null;
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
}

export class QueueTokenPageDto {
  @ApiProperty({ type: [QueueTokenDto] })
  items: QueueTokenDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
