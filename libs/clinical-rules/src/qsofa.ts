import { isAlert, type ScoreInputs } from './inputs.js';
import { applyRules, type Finding, type Score, type ScoreProfile } from './score.js';

/**
 * Quick SOFA, 0 to 3: shown for information, never an alarm. Its sensitivity for sepsis is low, and the guideline of 2021
 * advises against it as the only screen.
 */
export const qsofa = {
  id: 'qsofa',
  version: '2016.1',
  source: 'Singer M et al. The Third International Consensus Definitions for Sepsis (Sepsis-3). JAMA 2016;315:801',
  reviewer: 'unreviewed',
  effectiveFrom: '2026-01-01',
  levels: [
    { band: 'higher-risk', from: 2 },
    { band: 'low', from: 0 },
  ],
} as const satisfies ScoreProfile;

/** Mentation counts as altered unless the patient is alert. */
export function scoreQsofa(inputs: ScoreInputs): Score {
  const point = (missing: 'respiratoryRate' | 'systolic' | 'acvpu', meets: (value: number) => boolean): Finding => {
    const value = inputs[missing];
    return value === undefined ? { points: 0, missing } : { points: meets(value) ? 1 : 0 };
  };
  const rules = {
    respiratoryRate: () => point('respiratoryRate', (value) => Math.round(value) >= 22),
    systolic: () => point('systolic', (value) => Math.round(value) <= 100),
    mentation: () => point('acvpu', (value) => !isAlert(value)),
  };
  return applyRules(qsofa, rules, inputs);
}
