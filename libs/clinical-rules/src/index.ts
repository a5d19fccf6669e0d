export * from './score.js';
export {
  breathesOxygen,
  inputsAt,
  isAlert,
  type NewestObservation,
  type Observation,
  observedCodes,
  oldestInputMs,
  respiratoryEfforts,
  scoreInputs,
  type ScoreInput,
  type ScoreInputs,
} from './inputs.js';
export * from './observations.js';
export * from './input-bands.js';
export * from './age.js';
export * from './news2.js';
export * from './bedside-pews.js';
export * from './qsofa.js';
export * from './patient-score.js';
export * from './readmission.js';
