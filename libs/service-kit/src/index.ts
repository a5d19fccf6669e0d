export * from './boot/refuse-unsafe.js';
export * from './config.js';
export * from './lifecycle.js';
export * from './logger.js';
export * from './metrics.js';
export * from './redis.js';
export * from './request-id.js';
export * from './transaction-scope.js';
