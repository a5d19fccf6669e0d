import { invalidField, vitalSigns, type VitalCode, type VitalSign } from '@hms/contracts';

/** Vital signs that have an amount: the others are never too low or too high. */
export const limitedSigns = vitalSigns.filter(({ kind }) => kind === 'integer' || kind === 'decimal');
export const limitedCodes: readonly VitalCode[] = limitedSigns.map(({ code }) => code);

const signs: ReadonlyMap<string, VitalSign> = new Map(limitedSigns.map((sign) => [sign.code, sign]));

export const isLimitedCode = (code: string): code is VitalCode => signs.has(code);
export const unitOf = (code: string): string | null => signs.get(code)?.unit ?? null;

/** Between which values a sign is no alarm, and how far inside one must be to end it. */
export interface WantedLimits {
  readonly low?: number | null;
  readonly high?: number | null;
  readonly hysteresis?: number;
}

/**
 * Limits lie within what the sign can be, and a value can be between them.
 * @throws `request.invalid`
 */
export function assertLimits(code: VitalCode, { low = null, high = null, hysteresis = 0 }: WantedLimits): void {
  const sign = signs.get(code);
  const { min = 0, max = 0 } = sign ?? {};
  for (const [field, value] of Object.entries({ low, high })) {
    if (sign && value !== null) assertWithin(sign, field, value);
  }
  const [lowest, highest] = [low ?? min, high ?? max];
  if (lowest >= highest)
    throw invalidField(high === null ? 'low' : 'high', 'order', 'must leave values that are no alarm');
  const margins = [low, high].filter((limit) => limit !== null).length;
  if (hysteresis * margins >= highest - lowest)
    throw invalidField('hysteresis', 'range', 'must leave room inside the limits');
}

function assertWithin({ min = 0, max = 0, kind }: VitalSign, field: string, value: number): void {
  if (value < min || value > max) throw invalidField(field, 'range', `must be from ${min} to ${max}`);
  if (kind === 'integer' && !Number.isInteger(value)) throw invalidField(field, 'whole', 'must be a whole number');
}
