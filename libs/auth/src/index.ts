export * from './access-token.js';
export * from './gateway-key.js';
export * from './key-file.js';
export * from './second-factor.js';
export * from './session-limits.js';
