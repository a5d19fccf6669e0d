export const bedClasses = [
  'general',
  'semi-private',
  'private',
  'isolation',
  'high-dependency',
  'intensive-care',
  'maternity',
  'paediatric',
  'neonatal',
] as const;
export type BedClass = (typeof bedClasses)[number];

export const bedFeatures = [
  'oxygen',
  'suction',
  'monitor',
  'ventilator',
  'negative-pressure',
  'bariatric',
  'telemetry',
  'cot',
] as const;
export type BedFeature = (typeof bedFeatures)[number];

/** FHIR admit-source. */
export const admitSources = [
  'hosp-trans',
  'emd',
  'outp',
  'born',
  'gp',
  'mp',
  'nursing',
  'psych',
  'rehab',
  'other',
] as const;
export type AdmitSource = (typeof admitSources)[number];

export const urgencies = ['elective', 'urgent', 'emergency'] as const;
export type Urgency = (typeof urgencies)[number];

/** FHIR discharge-disposition, with what the encounter says of it. */
export const dischargeTypes = {
  home: 'home',
  'alt-home': 'home',
  'other-hcf': 'transferred',
  hosp: 'transferred',
  long: 'transferred',
  rehab: 'transferred',
  snf: 'transferred',
  psy: 'transferred',
  aadvice: 'left-against-advice',
  exp: 'deceased',
  oth: 'other',
} as const;
export type DischargeType = keyof typeof dischargeTypes;

/** What is looked at before a patient is ready to go. */
export const dischargeItems = [
  'unsigned-notes',
  'no-diagnosis',
  'open-alarms',
  'incomplete-scores',
  'open-transfer',
] as const;
export type DischargeItem = (typeof dischargeItems)[number];
