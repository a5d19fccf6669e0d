import { IsBoolean, IsInt, Max, Min } from 'class-validator';
import { IfPresent } from '../../../platform/http/fields.js';

/** Absent means unchanged. */
export class UpdateSchedulingSettingsDto {
  /** Whether a patient may have two appointments at one time. */
  @IfPresent()
  @IsBoolean()
  patientOverlap?: boolean;

  /** How long a hold lasts. */
  @IfPresent()
  @IsInt()
  @Min(1)
  @Max(60)
  holdMinutes?: number;

  /** How long a time from the waitlist is held for whom it was offered to. */
  @IfPresent()
  @IsInt()
  @Min(5)
  @Max(1_440)
  offerMinutes?: number;

  /** How long after its start an appointment may be called missed. */
  @IfPresent()
  @IsInt()
  @Min(0)
  @Max(240)
  noShowGraceMinutes?: number;
}

export class SchedulingSettingsDto {
  patientOverlap: boolean;
  holdMinutes: number;
  offerMinutes: number;
  noShowGraceMinutes: number;
  version: number;
}
