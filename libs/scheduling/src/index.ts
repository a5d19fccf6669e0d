export { withAlong, type Along } from './along.js';
export * from './bookable.js';
export * from './local-day.js';
export * from './schedule.js';
export * from './slots.js';
export type { Range } from './windows.js';
export { clockOf } from './zone-clock.js';
