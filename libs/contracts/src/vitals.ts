/**
 * The vital signs HMS stores, one entry a column of `vitals`. Ranges are physiological limits of what a device can
 * plausibly report (telemetry.md §2.3), not alarm thresholds: outside them a reading is refused.
 */
export interface VitalSign {
  /** Name at the REST and live interfaces. */
  readonly code: string;
  /** Column of `vitals`. */
  readonly column: string;
  /** Key in a telemetry reading. */
  readonly wire: string;
  readonly display: string;
  readonly loinc: string;
  /** UCUM; absent for coded values. */
  readonly unit?: string;
  readonly kind: 'integer' | 'decimal' | 'boolean' | 'acvpu';
  readonly min?: number;
  readonly max?: number;
}

export const vitalSigns = [
  {
    code: 'heartRate',
    column: 'heart_rate',
    wire: 'hr',
    display: 'Heart rate',
    loinc: '8867-4',
    unit: '/min',
    kind: 'integer',
    min: 0,
    max: 350,
  },
  {
    code: 'pulseRate',
    column: 'pulse_rate',
    wire: 'pr',
    display: 'Pulse rate',
    loinc: '8889-8',
    unit: '/min',
    kind: 'integer',
    min: 0,
    max: 350,
  },
  {
    code: 'respiratoryRate',
    column: 'resp_rate',
    wire: 'rr',
    display: 'Respiratory rate',
    loinc: '9279-1',
    unit: '/min',
    kind: 'integer',
    min: 0,
    max: 120,
  },
  {
    code: 'spo2',
    column: 'spo2',
    wire: 'spo2',
    display: 'Oxygen saturation',
    loinc: '59408-5',
    unit: '%',
    kind: 'integer',
    min: 0,
    max: 100,
  },
  {
    code: 'systolic',
    column: 'systolic',
    wire: 'sys',
    display: 'Systolic blood pressure',
    loinc: '8480-6',
    unit: 'mm[Hg]',
    kind: 'integer',
    min: 20,
    max: 320,
  },
  {
    code: 'diastolic',
    column: 'diastolic',
    wire: 'dia',
    display: 'Diastolic blood pressure',
    loinc: '8462-4',
    unit: 'mm[Hg]',
    kind: 'integer',
    min: 10,
    max: 220,
  },
  {
    code: 'meanBloodPressure',
    column: 'mean_bp',
    wire: 'map',
    display: 'Mean blood pressure',
    loinc: '8478-0',
    unit: 'mm[Hg]',
    kind: 'integer',
    min: 15,
    max: 250,
  },
  {
    code: 'arterialSystolic',
    column: 'abp_systolic',
    wire: 'asys',
    display: 'Arterial systolic pressure',
    loinc: '76215-3',
    unit: 'mm[Hg]',
    kind: 'integer',
    min: 20,
    max: 320,
  },
  {
    code: 'arterialDiastolic',
    column: 'abp_diastolic',
    wire: 'adia',
    display: 'Arterial diastolic pressure',
    loinc: '76213-8',
    unit: 'mm[Hg]',
    kind: 'integer',
    min: 10,
    max: 220,
  },
  {
    code: 'arterialMean',
    column: 'abp_mean',
    wire: 'amap',
    display: 'Arterial mean pressure',
    loinc: '76214-6',
    unit: 'mm[Hg]',
    kind: 'integer',
    min: 15,
    max: 250,
  },
  {
    code: 'temperature',
    column: 'temperature',
    wire: 'temp',
    display: 'Body temperature',
    loinc: '8310-5',
    unit: 'Cel',
    kind: 'decimal',
    min: 20,
    max: 46,
  },
  {
    code: 'etco2',
    column: 'etco2',
    wire: 'etco2',
    display: 'End-tidal CO₂',
    loinc: '19889-5',
    unit: 'mm[Hg]',
    kind: 'integer',
    min: 0,
    max: 150,
  },
  {
    code: 'fio2',
    column: 'fio2',
    wire: 'fio2',
    display: 'Inspired oxygen',
    loinc: '3150-6',
    unit: '%',
    kind: 'integer',
    min: 21,
    max: 100,
  },
  {
    code: 'onOxygen',
    column: 'on_oxygen',
    wire: 'o2',
    display: 'On supplemental oxygen',
    loinc: '57485-9',
    kind: 'boolean',
  },
  { code: 'acvpu', column: 'acvpu', wire: 'acvpu', display: 'Consciousness (ACVPU)', loinc: '67775-7', kind: 'acvpu' },
] as const satisfies readonly VitalSign[];

export type VitalCode = (typeof vitalSigns)[number]['code'];
/** Alert, new Confusion, responds to Voice, to Pain, Unresponsive. */
export const acvpuLevels = ['A', 'C', 'V', 'P', 'U'] as const;
export type Acvpu = (typeof acvpuLevels)[number];
export type VitalValue = number | boolean | Acvpu;
export type VitalValues = Partial<Record<VitalCode, VitalValue>>;

/** `vitals_latest` keeps every value as a number: booleans as 0 or 1, ACVPU as its place in {@link acvpuLevels}. */
export function vitalToNumber(value: VitalValue): number {
  return typeof value === 'string' ? acvpuLevels.indexOf(value) : Number(value);
}

const kindByCode = new Map<VitalCode, VitalSign['kind']>(vitalSigns.map((sign) => [sign.code, sign.kind]));

export function vitalFromNumber(code: VitalCode, stored: number): VitalValue {
  switch (kindByCode.get(code)) {
    case 'boolean':
      return stored !== 0;
    case 'acvpu':
      return acvpuLevels[stored] ?? 'A';
    case 'decimal':
      return Math.round(stored * 10) / 10;
    default:
      return stored;
  }
}
