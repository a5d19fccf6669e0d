import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';
import { IfPresent, IsId } from '../../../platform/http/fields.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { SyncUserDto } from '../sync.dto.js';

export class SyncDevicesQueryDto extends PageQueryDto {
  /** Devices of this user. */
  @IfPresent()
  @IsId()
  userId?: string;
}

export class RevokeSyncDeviceDto {
  /** Whether the device deletes what it holds when it next asks. Once said, it stays so. */
  @IsBoolean()
  wipe: boolean;
}

export class SyncDeviceDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  user: SyncUserDto;
  name: string;
  /** Name and version of the app, as it says itself. */
  @ApiProperty({ type: String, nullable: true })
  app: string | null;
  @ApiProperty({ format: 'date-time' })
  registeredAt: string;
  /** When it synced last. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  seenAt: string | null;
  /** Number of its last change that took effect or was refused. */
  lastSeq: number;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  revokedAt: string | null;
  wipe: boolean;
}

export class SyncDevicePageDto {
  @ApiProperty({ type: [SyncDeviceDto] })
  items: SyncDeviceDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
