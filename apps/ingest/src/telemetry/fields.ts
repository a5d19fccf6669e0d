import { type VitalCode, vitalSigns, type VitalSign } from '@hms/contracts';

/** The vitals in the order in which a reading keeps its values. */
export const fields: readonly VitalSign[] = vitalSigns;

export const indexOf = (code: VitalCode): number => vitalSigns.findIndex((sign) => sign.code === code);

export const field = {
  heartRate: indexOf('heartRate'),
  pulseRate: indexOf('pulseRate'),
  spo2: indexOf('spo2'),
  systolic: indexOf('systolic'),
  diastolic: indexOf('diastolic'),
  arterialSystolic: indexOf('arterialSystolic'),
  arterialDiastolic: indexOf('arterialDiastolic'),
  temperature: indexOf('temperature'),
} as const;

/** Keys by which a reading names them: the short one, or the one the REST interface uses. */
export const fieldIndexByKey: ReadonlyMap<string, number> = new Map(
  fields.flatMap((sign, index) => [sign.wire, sign.code, sign.column].map((key) => [key, index] as const)),
);

/** Not measured. One number per field keeps a reading's values in one flat array. */
export const absent = NaN;
const nothing: readonly number[] = fields.map(() => absent);
export const noValues = (): number[] => nothing.slice();
