import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { bedStatuses, type BedStatus } from '@hms/contracts';
import { ArrayMaxSize, ArrayUnique, IsArray, IsBoolean, IsIn, IsOptional, MinLength } from 'class-validator';
import { IfPresent, IsId, IsLine } from '../../../platform/http/fields.js';
import { PageQueryDto } from '../../../platform/http/page.js';
import { bedClasses, bedFeatures, type BedClass, type BedFeature } from '../inpatient.terms.js';

export class BedsQueryDto extends PageQueryDto {
  @IfPresent()
  @IsId()
  @ApiPropertyOptional({ format: 'uuid' })
  wardId?: string;

  @IfPresent()
  @IsIn(bedStatuses)
  @ApiPropertyOptional({ enum: bedStatuses })
  status?: BedStatus;

  @IfPresent()
  @IsIn(bedClasses)
  @ApiPropertyOptional({ enum: bedClasses })
  class?: BedClass;
}

export class BedStateDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  wardId: string;
  label: string;
  active: boolean;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  roomId: string | null;
  @ApiProperty({ type: String, nullable: true })
  roomName: string | null;
  @ApiProperty({ enum: bedClasses })
  class: string;
  @ApiProperty({ enum: bedFeatures, isArray: true })
  features: string[];
  @ApiProperty({ enum: bedStatuses })
  status: BedStatus;
  @ApiProperty({ type: String, nullable: true })
  blockedReason: string | null;
  version: number;
}

export class BedStatePageDto {
  items: BedStateDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

export class UpdateBedDto {
  /** On the ward of the bed; null: in none. */
  @IsOptional()
  @IsId()
  @ApiPropertyOptional({ type: String, format: 'uuid', nullable: true })
  roomId?: string | null;

  @IfPresent()
  @IsIn(bedClasses)
  @ApiPropertyOptional({ enum: bedClasses })
  class?: BedClass;

  @IfPresent()
  @IsArray()
  @ArrayMaxSize(bedFeatures.length)
  @ArrayUnique()
  @IsIn(bedFeatures, { each: true })
  @ApiPropertyOptional({ enum: bedFeatures, isArray: true })
  features?: BedFeature[];

  @IfPresent()
  @IsBoolean()
  active?: boolean;
}

export class BlockBedDto {
  /** Why nobody may lie in it, of at least three characters. */
  @MinLength(3)
  @IsLine(500)
  reason: string;
}

export class CreateRoomDto {
  /** As written at the door, unique on its ward. */
  @IsLine(50)
  name: string;
}

export class RoomDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  wardId: string;
  name: string;
}

export class RoomPageDto {
  items: RoomDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
