export * from './json-object.js';
export * from './observed-values.js';
export * from './resources.js';
export * from './sampled-data.js';
