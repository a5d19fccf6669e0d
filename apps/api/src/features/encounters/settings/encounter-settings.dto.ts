import { IsBoolean } from 'class-validator';
import { IfPresent } from '../../../platform/http/fields.js';

/** Absent means unchanged. */
export class UpdateEncounterSettingsDto {
  /** Whether an encounter is finished only with a diagnosis. */
  @IfPresent()
  @IsBoolean()
  needsDiagnosis?: boolean;

  /** Whether an encounter is finished only when its notes are signed. */
  @IfPresent()
  @IsBoolean()
  needsSignedNotes?: boolean;
}

export class EncounterSettingsDto {
  needsDiagnosis: boolean;
  needsSignedNotes: boolean;
  version: number;
}
