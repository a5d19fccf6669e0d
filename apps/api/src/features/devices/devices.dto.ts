import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsUUID, Matches } from 'class-validator';
import { CountedPageQueryDto } from '../../platform/http/counted-page.js';
import { IfPresent, IsFlag, IsLine } from '../../platform/http/fields.js';
import { AssignmentDto } from './assignments.dto.js';

export const deviceKinds = ['bedside-monitor', 'pulse-oximeter', 'ventilator', 'wearable', 'other'] as const;
export const deviceStatuses = ['active', 'disabled'] as const;
type DeviceKind = (typeof deviceKinds)[number];
type DeviceStatus = (typeof deviceStatuses)[number];
const externalId = /^[A-Za-z0-9._:-]{1,64}$/;

export class DevicesQueryDto extends CountedPageQueryDto {
  /** Part of the name, manufacturer, model or serial number. */
  @IsOptional()
  @IsLine(100)
  q?: string;

  @IsOptional()
  @IsUUID()
  gatewayId?: string;

  @IsOptional()
  @IsIn(deviceStatuses)
  status?: DeviceStatus;

  /** In use on this ward now. */
  @IsOptional()
  @IsUUID()
  wardId?: string;

  /** In use by nobody now, or by somebody. */
  @IsOptional()
  @IsFlag()
  unassigned?: boolean;
}

export class CreateDeviceDto {
  /** The name its gateway sends, unique in the hospital. */
  @Matches(externalId)
  externalId: string;

  /** The only gateway that may post its readings. */
  @IsUUID()
  gatewayId: string;

  @IsIn(deviceKinds)
  kind: DeviceKind;

  @IsOptional()
  @IsLine(100)
  manufacturer?: string | null;

  @IsOptional()
  @IsLine(100)
  model?: string | null;

  @IsOptional()
  @IsLine(100)
  serialNumber?: string | null;
}

export class UpdateDeviceDto {
  @IfPresent()
  @Matches(externalId)
  externalId?: string;

  @IfPresent()
  @IsUUID()
  gatewayId?: string;

  @IfPresent()
  @IsIn(deviceKinds)
  kind?: DeviceKind;

  @IsOptional()
  @IsLine(100)
  manufacturer?: string | null;

  @IsOptional()
  @IsLine(100)
  model?: string | null;

  @IsOptional()
  @IsLine(100)
  serialNumber?: string | null;

  /** Readings of a disabled device are refused within 5 seconds. */
  @IfPresent()
  @IsIn(deviceStatuses)
  status?: DeviceStatus;
}

export class DeviceDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  externalId: string;
  @ApiProperty({ format: 'uuid' })
  gatewayId: string;
  @ApiProperty({ enum: deviceKinds })
  kind: string;
  @ApiProperty({ type: String, nullable: true })
  manufacturer: string | null;
  @ApiProperty({ type: String, nullable: true })
  model: string | null;
  @ApiProperty({ type: String, nullable: true })
  serialNumber: string | null;
  @ApiProperty({ enum: deviceStatuses })
  status: string;
  /** Who wears it now. */
  @ApiProperty({ type: AssignmentDto, nullable: true })
  assignment: AssignmentDto | null;
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class DevicePageDto {
  items: DeviceDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
