import { inStoredUnit, vitalSigns } from '@hms/contracts';

/**
 * The value in the unit its vital sign is stored in.
 * @param at index of the vital sign
 * @returns undefined for a unit it does not come in
 */
export function toStoredUnit(at: number, value: number, unit: string): number | undefined {
  const sign = vitalSigns[at];
  return sign && inStoredUnit(sign.code, value, unit);
}
