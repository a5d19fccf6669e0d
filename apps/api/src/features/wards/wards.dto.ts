import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional, Matches } from 'class-validator';
import { IfPresent, IsFlag, IsLine } from '../../platform/http/fields.js';
import { CountedPageQueryDto } from '../../platform/http/counted-page.js';

const code = /^[A-Z0-9-]{1,16}$/;

export class WardsQueryDto extends CountedPageQueryDto {
  /** Only wards in use, or only those that are not. */
  @IsOptional()
  @IsFlag()
  active?: boolean;
}

export class CreateWardDto {
  /** Short name on signs and screens: capitals, digits and hyphens. */
  @Matches(code)
  code: string;

  @IsLine(100)
  name: string;
}

export class UpdateWardDto {
  @IfPresent()
  @Matches(code)
  code?: string;

  @IfPresent()
  @IsLine(100)
  name?: string;

  @IfPresent()
  @IsBoolean()
  active?: boolean;
}

export class WardDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  code: string;
  name: string;
  active: boolean;
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
}

export class WardPageDto {
  items: WardDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

export class CreateBedDto {
  /** As written at the bed, unique on its ward. */
  @IsLine(16)
  label: string;
}

export class BedDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  wardId: string;
  label: string;
  active: boolean;
}

export class BedPageDto {
  items: BedDto[];
  @ApiProperty({ type: String, nullable: true })
  nextCursor: string | null;
}

export class WardPatientDto {
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  mrn: string;
  name: string;
  @ApiProperty({ type: String, nullable: true })
  bedLabel: string | null;
  /** Names of the devices assigned to the patient on this ward. */
  devices: string[];
}

export class WardPatientsDto {
  items: WardPatientDto[];
}
