import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsInt, Max, Min } from 'class-validator';
import { IfPresent, IsLine } from '../../../platform/http/fields.js';

export class CreateServiceDto {
  @IsLine(100)
  name: string;

  /** How long it takes. */
  @IsInt()
  @Min(5)
  @Max(720)
  durationMin: number;

  /** Kept free before it. */
  @IfPresent()
  @IsInt()
  @Min(0)
  @Max(240)
  bufferBeforeMin?: number;

  /** Kept free after it. */
  @IfPresent()
  @IsInt()
  @Min(0)
  @Max(240)
  bufferAfterMin?: number;
}

/** Absent means unchanged. What is booked keeps its length. */
export class UpdateServiceDto {
  @IfPresent()
  @IsLine(100)
  name?: string;

  @IfPresent()
  @IsInt()
  @Min(5)
  @Max(720)
  durationMin?: number;

  @IfPresent()
  @IsInt()
  @Min(0)
  @Max(240)
  bufferBeforeMin?: number;

  @IfPresent()
  @IsInt()
  @Min(0)
  @Max(240)
  bufferAfterMin?: number;

  @IfPresent()
  @IsBoolean()
  active?: boolean;
}

export class ServiceDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  name: string;
  durationMin: number;
  bufferBeforeMin: number;
  bufferAfterMin: number;
  active: boolean;
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class ServicePageDto {
  @ApiProperty({ type: [ServiceDto] })
  items: ServiceDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}
