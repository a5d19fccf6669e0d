export * from './score.js';
export * from './inputs.js';
export * from './age.js';
export * from './news2.js';
export * from './bedside-pews.js';
export * from './qsofa.js';
export * from './patient-score.js';
