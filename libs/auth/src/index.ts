export * from './access-token.js';
export * from './gateway-key.js';
export * from './key-file.js';
