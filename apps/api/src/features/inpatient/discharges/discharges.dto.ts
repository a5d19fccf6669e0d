import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { laceConditions, type LaceCondition } from '@hms/clinical-rules';
import { departures, type Departure } from '@hms/contracts';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  Max,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { IfPresent, IsLine } from '../../../platform/http/fields.js';
import { IsPastInstant } from '../../patients/patient.fields.js';
import { IsDay } from '../../scheduling/scheduling.fields.js';
import { dischargeItems, dischargeTypes, type DischargeItem, type DischargeType } from '../inpatient.terms.js';

const types = Object.keys(dischargeTypes) as DischargeType[];
const conditions = Object.keys(laceConditions) as LaceCondition[];

export class FollowUpDto {
  /** What is to be done, and by whom. */
  @IsLine(300)
  what: string;

  @IfPresent()
  @IsDay()
  @ApiPropertyOptional({ format: 'date' })
  on?: string;
}

/**
 * What the scores take and the platform does not know by itself. What is left out is reported as missing, never assumed.
 */
export class ScoreInputsDto {
  /** Conditions of the Charlson index the patient has; `[]` for none of them. */
  @IfPresent()
  @IsArray()
  @ArrayMaxSize(conditions.length)
  @ArrayUnique()
  @IsIn(conditions, { each: true })
  @ApiPropertyOptional({ enum: conditions, isArray: true })
  comorbidities?: LaceCondition[];

  /** Visits to an emergency department in the six months before; those this hospital knows when absent. */
  @IfPresent()
  @IsInt()
  @Min(0)
  @Max(500)
  emergencyVisits?: number;

  /** Admissions in the twelve months before; those this hospital knows when absent. */
  @IfPresent()
  @IsInt()
  @Min(0)
  @Max(500)
  priorAdmissions?: number;

  /** The last before the discharge, g/dL. */
  @IfPresent()
  @IsNumber()
  @Min(1)
  @Max(30)
  haemoglobin?: number;

  /** The last before the discharge, mmol/L. */
  @IfPresent()
  @IsNumber()
  @Min(80)
  @Max(200)
  sodium?: number;

  /** Whether an oncology service discharges the patient. */
  @IfPresent()
  @IsBoolean()
  oncologyService?: boolean;

  @IfPresent()
  @IsBoolean()
  activeCancer?: boolean;

  /** Whether there was any coded procedure during the stay. */
  @IfPresent()
  @IsBoolean()
  procedure?: boolean;
}

export class OrderDischargeDto {
  /** FHIR discharge-disposition. */
  @IsIn(types)
  @ApiProperty({ enum: types })
  type: DischargeType;

  @IfPresent()
  @IsArray()
  @ArrayMaxSize(20)
  @ValidateNested({ each: true })
  @Type(() => FollowUpDto)
  followUp?: FollowUpDto[];
}

export class WaiverDto {
  @IsIn(dischargeItems)
  @ApiProperty({ enum: dischargeItems })
  item: DischargeItem;

  /** Why the patient may go all the same, of at least three characters. */
  @MinLength(3)
  @IsLine(500)
  reason: string;
}

export class DischargeReadyDto {
  @IfPresent()
  @IsArray()
  @ArrayMaxSize(dischargeItems.length)
  @ArrayUnique(({ item }: WaiverDto) => item)
  @ValidateNested({ each: true })
  @Type(() => WaiverDto)
  waivers?: WaiverDto[];

  @IfPresent()
  @ValidateNested()
  @Type(() => ScoreInputsDto)
  scoreInputs?: ScoreInputsDto;
}

export class DepartureDto {
  @IsIn(departures)
  @ApiProperty({ enum: departures })
  state: Departure;

  /** When the patient left; now when absent. */
  @IfPresent()
  @IsPastInstant()
  at?: Date;

  /** Of at least three characters. */
  @IfPresent()
  @MinLength(3)
  @IsLine(500)
  reason?: string;
}

export class OpenItemDto {
  @ApiProperty({ enum: dischargeItems })
  item: DischargeItem;
  /** How many there are of it. */
  count: number;
  /** Of scores, the inputs that are missing. */
  missing: string[];
}

export class WaivedItemDto extends WaiverDto {
  @ApiProperty({ format: 'uuid' })
  waivedBy: string;
  @ApiProperty({ format: 'date-time' })
  waivedAt: string;
}

export class ReadmissionScoreDto {
  /** `lace`, `hospital` or `hospital-simplified`. */
  profile: string;
  version: string;
  /** What it was computed from. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  inputs: Record<string, unknown>;
  /** Null when an input is missing: an incomplete score is no score. */
  @ApiProperty({ type: Number, nullable: true })
  total: number | null;
  /** The points of what is known. */
  partial: number;
  band: string;
  missing: string[];
}

export class DischargeDto {
  @ApiProperty({ format: 'uuid' })
  admissionId: string;
  @ApiProperty({ format: 'uuid' })
  patientId: string;
  @ApiProperty({ type: String, enum: types, nullable: true })
  type: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  orderedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  readyAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  leftAt: string | null;
  followUp: FollowUpDto[];
  /**
   * What is neither settled nor waived; none once the patient has left. Without alarms for those who may not read vitals,
   * without scores for those who may not read conditions.
   */
  openItems: OpenItemDto[];
  /** Of this order. None for those who may not read conditions. */
  waivers: WaivedItemDto[];
  /** As they were when the patient left; before, as they would be now. None for those who may not read conditions. */
  scores: ReadmissionScoreDto[];
}
