export * from './problem.js';
export * from './edge-errors.js';
export * from './permissions.js';
export * from './vitals.js';
export * from './live.js';
export * from './telemetry.js';
export * from './mrn.js';
export * from './events.js';
