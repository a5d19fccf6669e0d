import { breathesOxygen, isAlert, type ScoreInput, type ScoreInputs } from './inputs.js';
import { applyRules, type Finding, type Rule, type Score, type ScoreProfile } from './score.js';

/** National Early Warning Score 2, for patients of 16 years and older who are not pregnant. */
export const news2 = {
  id: 'news2',
  version: '2017.1',
  source: 'Royal College of Physicians: National Early Warning Score (NEWS) 2. London 2017',
  reviewer: 'unreviewed',
  effectiveFrom: '2026-01-01',
  levels: [
    { band: 'emergency', from: 7, alarm: 'high' },
    { band: 'urgent', from: 5, alarm: 'medium' },
    { band: 'ward-review', from: Infinity, single: 3, alarm: 'medium' },
    { band: 'low', from: 0 },
  ],
} as const satisfies ScoreProfile;

/** 2 is for hypercapnic respiratory failure, on a clinician's recorded decision only. */
export type Spo2Scale = 1 | 2;

/** Points of the first entry whose limit the value does not exceed. */
type Bands = readonly (readonly [upTo: number, points: number])[];

const respiratoryRate: Bands = [
  [8, 3],
  [11, 1],
  [20, 0],
  [24, 2],
  [Infinity, 3],
];
const spo2Scale1: Bands = [
  [91, 3],
  [93, 2],
  [95, 1],
  [Infinity, 0],
];
const spo2Scale2OnAir: Bands = [
  [83, 3],
  [85, 2],
  [87, 1],
  [Infinity, 0],
];
const spo2Scale2OnOxygen: Bands = [
  [83, 3],
  [85, 2],
  [87, 1],
  [92, 0],
  [94, 1],
  [96, 2],
  [Infinity, 3],
];
const systolic: Bands = [
  [90, 3],
  [100, 2],
  [110, 1],
  [219, 0],
  [Infinity, 3],
];
const pulse: Bands = [
  [40, 3],
  [50, 1],
  [90, 0],
  [110, 1],
  [130, 2],
  [Infinity, 3],
];
const temperature: Bands = [
  [35.0, 3],
  [36.0, 1],
  [38.0, 0],
  [39.0, 1],
  [Infinity, 2],
];

const oxygenPoints = 2;
const notAlertPoints = 3;

export function scoreNews2(inputs: ScoreInputs, { spo2Scale }: { readonly spo2Scale: Spo2Scale }): Score {
  return applyRules(
    news2,
    { ...commonRules, spo2: spo2Scale === 1 ? banded('spo2', spo2Scale1) : spo2OnScale2 },
    inputs,
  );
}

const commonRules: Readonly<Record<string, Rule>> = {
  respiratoryRate: banded('respiratoryRate', respiratoryRate),
  oxygen: airOrOxygen,
  systolic: banded('systolic', systolic),
  pulse: banded('heartRate', pulse),
  consciousness: ({ acvpu }) =>
    acvpu === undefined ? { points: 0, missing: 'acvpu' } : { points: isAlert(acvpu) ? 0 : notAlertPoints },
  temperature: (inputs) =>
    atBand(inputs.temperature, (value) => Math.round(value * 10) / 10, temperature, 'temperature'),
};

function banded(input: ScoreInput, bands: Bands): Rule {
  return (inputs) => atBand(inputs[input], Math.round, bands, input);
}

function atBand(
  value: number | undefined,
  round: (value: number) => number,
  bands: Bands,
  missing: ScoreInput,
): Finding {
  return value === undefined ? { points: 0, missing } : { points: pointsOf(bands, round(value)) };
}

function pointsOf(bands: Bands, value: number): number {
  return bands.find(([upTo]) => value <= upTo)?.[1] ?? 0;
}

function airOrOxygen(inputs: ScoreInputs): Finding {
  const oxygen = breathesOxygen(inputs);
  return oxygen === undefined ? { points: 0, missing: 'onOxygen' } : { points: oxygen ? oxygenPoints : 0 };
}

/** Without word of oxygen the saturation is worth what it is on air: on oxygen it would be that or more. */
function spo2OnScale2(inputs: ScoreInputs): Finding {
  const bands = breathesOxygen(inputs) === true ? spo2Scale2OnOxygen : spo2Scale2OnAir;
  return atBand(inputs.spo2, Math.round, bands, 'spo2');
}
