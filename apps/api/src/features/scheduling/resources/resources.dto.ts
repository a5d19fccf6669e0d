import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { IfPresent, IsFlag, IsId, IsLine } from '../../../platform/http/fields.js';
import { PageQueryDto } from '../../../platform/http/page.js';

export const resourceKinds = ['provider', 'room', 'device'] as const;
export type ResourceKind = (typeof resourceKinds)[number];

export class ResourcesQueryDto extends PageQueryDto {
  @IsOptional()
  @IsIn(resourceKinds)
  @ApiPropertyOptional({ enum: resourceKinds })
  kind?: ResourceKind;

  @IfPresent()
  @IsId()
  siteId?: string;

  @IsOptional()
  @IsFlag()
  active?: boolean;
}

export class CreateResourceDto {
  @IsIn(resourceKinds)
  @ApiProperty({ enum: resourceKinds })
  kind: ResourceKind;

  /** As patients are shown it, such as `Dr Amina Otieno`. */
  @IsLine(200)
  name: string;

  @IsId()
  siteId: string;

  /** A provider's account. */
  @IsOptional()
  @IsId()
  userId?: string | null;

  /** How many appointments it serves at one time. */
  @IfPresent()
  @IsInt()
  @Min(1)
  @Max(100)
  capacity?: number;
}

/** Absent means unchanged. */
export class UpdateResourceDto {
  @IfPresent()
  @IsLine(200)
  name?: string;

  @IfPresent()
  @IsId()
  siteId?: string;

  @IsOptional()
  @IsId()
  userId?: string | null;

  @IfPresent()
  @IsInt()
  @Min(1)
  @Max(100)
  capacity?: number;

  @IfPresent()
  @IsBoolean()
  active?: boolean;
}

export class ResourceDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ enum: resourceKinds })
  kind: string;
  name: string;
  @ApiProperty({ format: 'uuid' })
  siteId: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  userId: string | null;
  capacity: number;
  active: boolean;
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class ResourcePageDto {
  @ApiProperty({ type: [ResourceDto] })
  items: ResourceDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
