import type { VitalCode, VitalValue } from '@hms/contracts';
import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { IfPresent, IsId, IsLine } from '../../platform/http/fields.js';
import { PageQueryDto } from '../../platform/http/page.js';

const states = ['open', 'replayed', 'discarded'] as const;
export type DeadLetterState = (typeof states)[number];

export class DeadLetterQueryDto extends PageQueryDto {
  @IsOptional()
  @IsIn(states)
  @ApiProperty({ enum: states, required: false })
  state: DeadLetterState = 'open';

  @IfPresent()
  @IsId()
  gatewayId?: string;

  /** Name of the device. */
  @IfPresent()
  @IsLine(64)
  device?: string;
}

export class DeadLetterDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'date-time' })
  receivedAt: string;
  @ApiProperty({ format: 'uuid' })
  gatewayId: string;
  /** Name of the device. */
  device: string;
  /** When it was recorded; of a message that could not be read, when it came. */
  @ApiProperty({ format: 'date-time' })
  recordedAt: string;
  /** SQLSTATE with which the database refused it; null when it was refused before, with `code`. */
  @ApiProperty({ type: String, nullable: true })
  sqlState: string | null;
  /** Why it was refused before it came to the database, as senders are told. */
  @ApiProperty({ type: String, nullable: true, example: 'wrong_patient' })
  code: string | null;
  @ApiProperty({
    type: 'object',
    description: 'What was measured, by code',
    additionalProperties: { oneOf: [{ type: 'number' }, { type: 'boolean' }, { type: 'string' }] },
    example: { heartRate: 72 },
  })
  values: Partial<Record<VitalCode, VitalValue>>;
  /** Codes of the leads whose waveforms were measured with them. */
  leads: string[];
  /** What could not be read, as it came. */
  @ApiProperty({ type: String, nullable: true })
  message: string | null;
  @ApiProperty({ enum: states })
  state: DeadLetterState;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  decidedAt: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  decidedBy: string | null;
  @ApiProperty({ type: String, nullable: true })
  discardReason: string | null;
}

export class DeadLetterPageDto {
  items: DeadLetterDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

export class DiscardDeadLetterDto {
  @IsLine(500)
  reason: string;
}
