import { acvpuLevels, vitalSigns, type VitalSign, type VitalValue } from './vitals.js';

/** From normal to exhaustion or apnoea, as Bedside PEWS grades it. */
export const respiratoryEffortLevels = ['normal', 'mild', 'moderate', 'severe'] as const;
export type RespiratoryEffort = (typeof respiratoryEffortLevels)[number];

/** What people chart at the bedside: the vital signs of devices, and what no device measures. */
export interface ChartedSign {
  readonly code: string;
  readonly display: string;
  /** UCUM; absent for coded values. */
  readonly unit?: string;
  readonly kind: VitalSign['kind'] | 'respiratory-effort';
  readonly min?: number;
  readonly max?: number;
}

export const chartedSigns = [
  ...vitalSigns,
  { code: 'capillaryRefill', display: 'Capillary refill time', unit: 's', kind: 'decimal', min: 0, max: 20 },
  { code: 'respiratoryEffort', display: 'Respiratory effort', kind: 'respiratory-effort' },
  { code: 'oxygenFlow', display: 'Oxygen flow', unit: 'L/min', kind: 'decimal', min: 0, max: 100 },
] as const satisfies readonly ChartedSign[];

export type ChartedCode = (typeof chartedSigns)[number]['code'];
export type ChartedValue = VitalValue | RespiratoryEffort;

const signs: ReadonlyMap<string, ChartedSign> = new Map(chartedSigns.map((sign) => [sign.code, sign]));
const levelsOf = ({ kind }: ChartedSign): readonly string[] | undefined =>
  kind === 'acvpu' ? acvpuLevels : kind === 'respiratory-effort' ? respiratoryEffortLevels : undefined;

/** Why the value is none of the sign, in words; undefined when it is one. */
export function refusalOfCharted(code: ChartedCode, value: unknown): string | undefined {
  const sign = signs.get(code);
  if (!sign) return 'is not charted';
  const levels = levelsOf(sign);
  if (levels) return levels.includes(value as string) ? undefined : `must be one of ${levels.join(', ')}`;
  if (sign.kind === 'boolean') return typeof value === 'boolean' ? undefined : 'must be true or false';
  const { min = 0, max = 0, kind } = sign;
  if (typeof value !== 'number' || !(value >= min && value <= max)) return `must be a number from ${min} to ${max}`;
  return kind === 'decimal' || Number.isInteger(value) ? undefined : 'must be a whole number';
}

/** As `charted_observation` keeps it: true as 1, a level as its place from 0. */
export function chartedToNumber(code: ChartedCode, value: ChartedValue): number {
  const sign = signs.get(code);
  const levels = sign && levelsOf(sign);
  return levels ? levels.indexOf(value as string) : Number(value);
}

export function chartedFromNumber(code: ChartedCode, stored: number): ChartedValue {
  const sign = signs.get(code);
  if (!sign) return stored;
  const levels = levelsOf(sign);
  if (levels) return (levels[stored] ?? levels[0]) as ChartedValue;
  if (sign.kind === 'boolean') return stored !== 0;
  return sign.kind === 'decimal' ? Math.round(stored * 10) / 10 : stored;
}
