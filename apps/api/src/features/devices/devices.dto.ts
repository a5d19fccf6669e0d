import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsUUID, Matches, Max, Min } from 'class-validator';
import { CountedPageQueryDto } from '../../platform/http/counted-page.js';
import { IfPresent, IsFlag, IsLine } from '../../platform/http/fields.js';
import { AssignmentDto } from './assignments.dto.js';

export const deviceKinds = ['bedside-monitor', 'pulse-oximeter', 'ventilator', 'wearable', 'other'] as const;
export const deviceStatuses = ['active', 'disabled'] as const;
/** By name, by when they were last heard of, those never heard of first, or by the share of refused readings, most first. */
export const deviceOrders = ['name', 'lastSeen', 'rejectRate'] as const;
export type DeviceOrder = (typeof deviceOrders)[number];
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

  /** Worn by somebody, and silent for longer than it should be; or not. */
  @IsOptional()
  @IsFlag()
  silent?: boolean;

  /** `name`; `lastSeen`, those never heard of first; `rejectRate`, most first. */
  @IsOptional()
  @IsIn(deviceOrders)
  sort?: DeviceOrder;
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

  /** Worn by somebody, it is silent after so many seconds without a reading. */
  @IfPresent()
  @IsInt()
  @Min(10)
  @Max(86_400)
  silentAfterSeconds?: number;
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
  silentAfterSeconds: number;
  /** Worn by somebody, and without a reading for longer than `silentAfterSeconds`. */
  silent: boolean;
  /** When a reading was last stored, whenever it was recorded. A few seconds late. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastSeenAt: string | null;
  /** How far the clock of its gateway was behind when it last told; negative when it was ahead. */
  @ApiProperty({ type: Number, nullable: true })
  clockOffsetMs: number | null;
  /** Share of its readings since midnight UTC that was refused, from 0 to 1; null when there was none. */
  @ApiProperty({ type: Number, nullable: true })
  rejectRate: number | null;
  /** Why one was refused last: a code of docs/telemetry.md. */
  @ApiProperty({ type: String, nullable: true })
  lastRejectCode: string | null;
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
