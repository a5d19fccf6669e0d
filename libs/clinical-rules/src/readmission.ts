import type { RuleSource } from './score.js';

/** How likely a patient comes back unplanned within thirty days of the discharge. */
export interface ReadmissionBand {
  readonly band: 'low' | 'intermediate' | 'high';
  readonly from: number;
}

export interface ReadmissionScale extends RuleSource {
  /** The highest first. */
  readonly bands: readonly ReadmissionBand[];
}

export interface ReadmissionScore {
  readonly profile: string;
  readonly version: string;
  /** Null when an input is missing: an incomplete score is no score. */
  readonly total: number | null;
  /** The points of what is known; a total would be at least this. */
  readonly partial: number;
  readonly band: ReadmissionBand['band'] | 'incomplete';
  readonly points: Readonly<Record<string, number>>;
  readonly missing: readonly string[];
}

/** What an item is worth, or undefined when what it takes is not known. */
type Items = Readonly<Record<string, number | undefined>>;

function addUp({ id, version, bands }: ReadmissionScale, items: Items): ReadmissionScore {
  const entries = Object.entries(items);
  const missing = entries.flatMap(([item, points]) => (points === undefined ? [item] : []));
  const partial = entries.reduce((sum, [, points = 0]) => sum + points, 0);
  const isComplete = missing.length === 0;
  return {
    profile: id,
    version,
    total: isComplete ? partial : null,
    partial,
    band: isComplete ? (bands.find(({ from }) => partial >= from)?.band ?? 'low') : 'incomplete',
    points: Object.fromEntries(entries.flatMap(([item, points]) => (points === undefined ? [] : [[item, points]]))),
    missing,
  };
}

/** Points of the first step that the value reaches. */
const step = (value: number | undefined, steps: readonly (readonly [from: number, points: number])[]) =>
  value === undefined ? undefined : (steps.find(([from]) => value >= from)?.[1] ?? 0);

const flag = (value: boolean | undefined, points: number) => (value === undefined ? undefined : value ? points : 0);

export const lace = {
  id: 'lace',
  version: '2010.1',
  source:
    'van Walraven C et al. Derivation and validation of an index to predict early death or unplanned readmission after discharge from hospital to the community. CMAJ 2010;182:551',
  reviewer: 'unreviewed',
  effectiveFrom: '2026-01-01',
  bands: [
    { band: 'high', from: 10 },
    { band: 'low', from: 0 },
  ],
} as const satisfies ReadmissionScale;

export interface LaceInputs {
  /** Whole days. */
  readonly lengthOfStayDays?: number | undefined;
  readonly acuteAdmission?: boolean | undefined;
  /** {@link laceComorbidity}. */
  readonly comorbidity?: number | undefined;
  /** To an emergency department in the six months before, the one that led to this stay not counted. */
  readonly emergencyVisits?: number | undefined;
}

/** LACE, 0 to 19; high from 10. */
export const scoreLace = (inputs: LaceInputs): ReadmissionScore =>
  addUp(lace, {
    lengthOfStayDays: step(inputs.lengthOfStayDays, [
      [14, 7],
      [7, 5],
      [4, 4],
      [3, 3],
      [2, 2],
      [1, 1],
    ]),
    acuteAdmission: flag(inputs.acuteAdmission, 3),
    comorbidity: inputs.comorbidity === undefined ? undefined : inputs.comorbidity >= 4 ? 5 : inputs.comorbidity,
    emergencyVisits: inputs.emergencyVisits === undefined ? undefined : Math.min(inputs.emergencyVisits, 4),
  });

/** The Charlson conditions with the weights LACE gives them. */
export const laceConditions = {
  'previous-myocardial-infarction': 1,
  'cerebrovascular-disease': 1,
  'peripheral-vascular-disease': 1,
  'diabetes-uncomplicated': 1,
  'heart-failure': 2,
  'diabetes-end-organ-damage': 2,
  'chronic-pulmonary-disease': 2,
  'mild-liver-or-renal-disease': 2,
  'any-tumour': 2,
  dementia: 3,
  'connective-tissue-disease': 3,
  aids: 4,
  'severe-liver-or-renal-disease': 4,
  'metastatic-tumour': 6,
} as const;
export type LaceCondition = keyof typeof laceConditions;

/** The graver form of a disease counts alone. */
const graver: Readonly<Partial<Record<LaceCondition, LaceCondition>>> = {
  'diabetes-uncomplicated': 'diabetes-end-organ-damage',
  'mild-liver-or-renal-disease': 'severe-liver-or-renal-disease',
  'any-tumour': 'metastatic-tumour',
};

/** The sum of the weights, each condition once. */
export function laceComorbidity(conditions: readonly LaceCondition[]): number {
  const present = new Set(conditions);
  return [...present].reduce((sum, condition) => {
    const worse = graver[condition];
    return worse && present.has(worse) ? sum : sum + laceConditions[condition];
  }, 0);
}

export interface HospitalInputs {
  /** At discharge, g/dL. */
  readonly haemoglobin?: number | undefined;
  /** At discharge, mmol/L. */
  readonly sodium?: number | undefined;
  readonly oncologyService?: boolean | undefined;
  /** Any coded procedure during the stay. */
  readonly procedure?: boolean | undefined;
  /** Not planned. */
  readonly urgentAdmission?: boolean | undefined;
  /** In the twelve months before this one. */
  readonly priorAdmissions?: number | undefined;
  readonly lengthOfStayDays?: number | undefined;
}

const hospitalSource =
  'Donzé J et al. Potentially avoidable 30-day hospital readmissions in medical patients. JAMA Intern Med 2013;173:632';
const hospitalBands = [
  { band: 'high', from: 7 },
  { band: 'intermediate', from: 5 },
  { band: 'low', from: 0 },
] as const;
const unreviewed = { reviewer: 'unreviewed', effectiveFrom: '2026-01-01' } as const;

/** Up to one earlier admission is worth nothing. */
export const hospital = {
  id: 'hospital',
  version: '2013.1-admissions-0to1',
  source: hospitalSource,
  ...unreviewed,
  bands: hospitalBands,
} as const satisfies ReadmissionScale;

/** The other banding that was published: the first earlier admission counts. */
export const hospitalFromFirst = {
  ...hospital,
  version: '2013.1-admissions-0',
} as const satisfies ReadmissionScale;

export const hospitalSimplified = {
  id: 'hospital-simplified',
  version: '2017.1',
  source: 'Aubert CE et al. Simplification of the HOSPITAL score. BMJ Qual Saf 2017;26:799',
  ...unreviewed,
  bands: [
    { band: 'high', from: 5 },
    { band: 'low', from: 0 },
  ],
} as const satisfies ReadmissionScale;

const low = (value: number | undefined, below: number) => flag(value === undefined ? undefined : value < below, 1);

const common = (inputs: HospitalInputs, firstCounted: 1 | 2): Items => ({
  haemoglobin: low(inputs.haemoglobin, 12),
  sodium: low(inputs.sodium, 135),
  urgentAdmission: flag(inputs.urgentAdmission, 1),
  priorAdmissions: step(inputs.priorAdmissions, [
    [6, 5],
    [firstCounted, 2],
  ]),
  lengthOfStayDays: step(inputs.lengthOfStayDays, [[5, 2]]),
});

/** HOSPITAL, 0 to 13; high from 7. */
export const scoreHospital = (
  inputs: HospitalInputs,
  scale: typeof hospital | typeof hospitalFromFirst = hospital,
): ReadmissionScore =>
  addUp(scale, {
    ...common(inputs, scale === hospitalFromFirst ? 1 : 2),
    oncologyService: flag(inputs.oncologyService, 2),
    procedure: flag(inputs.procedure, 1),
  });

/** Simplified HOSPITAL, 0 to 12; high from 5. Active cancer counts as a discharge from oncology does. */
export function scoreSimplifiedHospital(
  inputs: HospitalInputs & { readonly activeCancer?: boolean | undefined },
): ReadmissionScore {
  const said = [inputs.oncologyService, inputs.activeCancer];
  const cancer = said.includes(true) ? true : said.includes(undefined) ? undefined : false;
  return addUp(hospitalSimplified, { ...common(inputs, 2), cancer: flag(cancer, 2) });
}
