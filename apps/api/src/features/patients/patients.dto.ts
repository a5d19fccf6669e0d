import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { normaliseIdentifier } from '@hms/encryption';
import { CountedPageQueryDto } from '../../platform/http/counted-page.js';
import { IfPresent, IsFlag, IsId, IsLine } from '../../platform/http/fields.js';
import { IsLanguage, IsPartialDate, IsPastInstant, IsPastPartialDate, IsPhone } from './patient.fields.js';
import { allergyStatuses, bloodGroups, genders, sexesForClinicalUse, type AllergyStatus } from './patient.terms.js';

export class AddressDto {
  /** Street and number. */
  @IsOptional()
  @IsLine(200)
  line?: string | null;

  @IsOptional()
  @IsLine(100)
  city?: string | null;

  @IsOptional()
  @IsLine(100)
  district?: string | null;

  @IsOptional()
  @IsLine(100)
  state?: string | null;

  @IsOptional()
  @IsLine(20)
  postalCode?: string | null;

  /** ISO 3166-1 alpha-2. */
  @IsOptional()
  @Matches(/^[A-Z]{2}$/)
  country?: string | null;
}

/** A number another system knows the patient by. */
export class IdentifierDto {
  /** Who numbers, best as a URI: `urn:oid:2.16.840.1.113883.2.1.4.1`. */
  @IsLine(200)
  system: string;

  /** Kept encrypted. Case, spaces and dashes do not tell two values apart. */
  @IsLine(100)
  @Matches(/[\p{L}\p{N}]/u, { message: '$property must have a letter or digit' })
  value: string;
}

/** Of what arrived, checked or not. */
const sameIdentifier = ({ system, value }: { readonly system: unknown; readonly value: unknown }): string =>
  JSON.stringify([system, typeof value === 'string' ? normaliseIdentifier(value) : value]);

/** What may be left out or cleared with null. */
export class PatientDetailsDto {
  /** As far as it is known: `1980`, `1980-05` or `1980-05-17`. */
  @IsOptional()
  @IsPastPartialDate()
  birthDate?: string | null;

  /** What clinical calculations use; `specified` when an observation says more. */
  @IfPresent()
  @IsIn(sexesForClinicalUse)
  @ApiPropertyOptional({ enum: sexesForClinicalUse })
  sexForClinicalUse?: string;

  /** Administrative gender. */
  @IsOptional()
  @IsIn(genders)
  @ApiPropertyOptional({ enum: genders, nullable: true })
  gender?: string | null;

  /** Needs the permission allergy:write. */
  @IsOptional()
  @IsIn(bloodGroups)
  @ApiPropertyOptional({ enum: bloodGroups, nullable: true })
  bloodGroup?: string | null;

  @IsOptional()
  @IsPhone()
  phone?: string | null;

  @IsOptional()
  @IsEmail()
  @MaxLength(254)
  email?: string | null;

  /** Replaced as a whole. */
  @IsOptional()
  @ValidateNested()
  @Type(() => AddressDto)
  @ApiPropertyOptional({ type: AddressDto, nullable: true })
  address?: AddressDto | null;

  /** BCP 47, such as `en` or `pt-BR`. */
  @IsOptional()
  @IsLanguage()
  preferredLanguage?: string | null;

  /** RFC 3339. */
  @IsOptional()
  @IsPastInstant()
  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true })
  deceasedAt?: Date | null;

  /** The whole set: what is missing from it ends. */
  @IfPresent()
  @IsArray()
  @ArrayMaxSize(20)
  @ArrayUnique(sameIdentifier)
  @ValidateNested({ each: true })
  @Type(() => IdentifierDto)
  @ApiPropertyOptional({ type: [IdentifierDto] })
  identifiers?: IdentifierDto[];
}

export class CreatePatientDto extends PatientDetailsDto {
  @IsLine(100)
  familyName: string;

  @IsLine(100)
  givenName: string;

  /** Set it after a person decided that none of the candidates of `patient.possible-duplicate` is this patient. */
  @IfPresent()
  @IsBoolean()
  confirmDuplicate?: boolean;
}

/** Absent means unchanged, null means cleared. */
export class UpdatePatientDto extends PatientDetailsDto {
  @IfPresent()
  @IsLine(100)
  familyName?: string;

  @IfPresent()
  @IsLine(100)
  givenName?: string;
}

export class PlacePatientDto {
  /** A ward in use; null for no ward. */
  @ValidateIf((_, value: unknown) => value !== null)
  @IsId()
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  wardId: string | null;
}

export class DeletePatientDto {
  /** Kept with the record. */
  @IsLine(500)
  reason: string;
}

export class ListPatientsQueryDto extends CountedPageQueryDto {
  /**
   * What somebody would type: a name (misspelt or incomplete), a record number, a telephone number, a date of birth
   * (`1980-05-17`, `1980-05`, `17.05.1980`), or a name and a date of birth.
   */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  q?: string;

  /** Every word must resemble a word of the name. */
  @IsOptional()
  @IsLine(100)
  name?: string;

  /** Record number; leading zeros may be left out. */
  @IsOptional()
  @Matches(/^\d{1,18}$/)
  mrn?: string;

  /** Digits that occur in the telephone number, at least four. */
  @IsOptional()
  @IsPhone()
  phone?: string;

  /** `1980`, `1980-05` or `1980-05-17`: births within that time. */
  @IsOptional()
  @IsPartialDate()
  birthDate?: string;

  /** `<system>|<value>` of an identifier in force, such as `urn:oid:2.16.840.1.113883.2.1.4.1|943 476 5919`. */
  @IsOptional()
  @IsString()
  @MaxLength(301)
  identifier?: string;

  /** Those who lie on this ward. */
  @IfPresent()
  @IsId()
  wardId?: string;

  /** Also the deleted; needs the permission patient:delete. */
  @IsOptional()
  @IsFlag()
  includeDeleted?: boolean;
}

export class PatientDto {
  @ApiProperty({ format: 'uuid' })
  id: string;
  /** Medical record number, unique in the hospital and never given twice. */
  mrn: string;
  familyName: string;
  givenName: string;
  /** As far as it is known: `1980`, `1980-05` or `1980-05-17`. */
  birthDate: string | null;
  @ApiProperty({ enum: sexesForClinicalUse })
  sexForClinicalUse: string;
  @ApiProperty({ enum: genders, nullable: true })
  gender: string | null;
  phone: string | null;
  email: string | null;
  @ApiProperty({ type: AddressDto, nullable: true })
  address: AddressDto | null;
  /** BCP 47. */
  preferredLanguage: string | null;
  @ApiProperty({ format: 'date-time', nullable: true })
  deceasedAt: string | null;
  /** Null while the key service is away: there may be some. */
  @ApiProperty({ type: [IdentifierDto], nullable: true })
  identifiers: IdentifierDto[] | null;
  /** Where the patient lies now; null for somebody who lies on no ward. */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  wardId: string | null;
  /** Left out unless the caller may read allergies. `not-asked` is not `none-known`. */
  @ApiPropertyOptional({ enum: allergyStatuses })
  allergyStatus?: AllergyStatus;
  /** Left out unless the caller may read allergies. */
  @ApiPropertyOptional({ enum: bloodGroups, nullable: true })
  bloodGroup?: string | null;
  /** Send it back as `If-Match`. */
  version: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
  /** Null unless deleted. */
  @ApiProperty({ format: 'date-time', nullable: true })
  deletedAt: string | null;
  deletedReason: string | null;
}

export class PatientPageDto {
  @ApiProperty({ type: [PatientDto] })
  items: PatientDto[];
  nextCursor: string | null;
}
