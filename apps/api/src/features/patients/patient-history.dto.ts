import { ApiProperty } from '@nestjs/swagger';

export class HistoryActorDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  /** Null for a user that does not exist any more. */
  displayName: string | null;
}

export class HistoryEntryDto {
  @ApiProperty({ enum: ['patient', 'patient-identifier', 'allergy', 'condition', 'note', 'appointment'] })
  entity: string;
  @ApiProperty({ format: 'uuid' })
  entityId: string;
  /** The version this change made. */
  version: number;
  @ApiProperty({ enum: ['create', 'update', 'delete'] })
  action: string;
  @ApiProperty({ format: 'date-time' })
  at: string;
  actor: HistoryActorDto;
  /** What each changed field was and became. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'object', properties: { from: {}, to: {} } },
    example: { phone: { from: null, to: '+353 86 123 4567' } },
  })
  changes: Record<string, { from: unknown; to: unknown }>;
}

export class HistoryPageDto {
  @ApiProperty({ type: [HistoryEntryDto] })
  items: HistoryEntryDto[];
  nextCursor: string | null;
}
