import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional, IsUUID } from 'class-validator';
import { IfPresent } from '../../platform/http/fields.js';
import { IsInstant } from '../../platform/http/instant.js';

export class CreateAssignmentDto {
  @IsUUID()
  patientId: string;

  @IsUUID()
  wardId: string;

  /** A bed of that ward. */
  @IsOptional()
  @IsUUID()
  bedId?: string | null;

  /** Now when absent; at most 7 days back or ahead. */
  @IfPresent()
  @IsInstant()
  from?: Date;

  /** Open when absent. */
  @IsOptional()
  @IsInstant()
  until?: Date | null;

  /** Move the device: whoever wears it at `from` stops wearing it then. */
  @IfPresent()
  @IsBoolean()
  endCurrent?: boolean;
}

export class EndAssignmentDto {
  /** Now when absent. */
  @IfPresent()
  @IsInstant()
  at?: Date;
}

export class AssignmentDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  deviceId: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  @ApiProperty({ format: 'uuid' })
  wardId: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  bedId: string | null;
  @ApiProperty({ format: 'date-time' })
  from: string;
  /** Exclusive; null while it lasts. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  until: string | null;
}

export class AssignmentPageDto {
  items: AssignmentDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

export class PatientDeviceDto {
  externalId: string;
  kind: string;
  assignment: AssignmentDto;
}

export class PatientDevicesDto {
  items: PatientDeviceDto[];
}
