export * from './audit-event.js';
export { AuditKeys, type AuditKeyFile, type Seal } from './audit-keys.js';
export * from './audit-chain.js';
export { CheckpointFile } from './checkpoint-file.js';
export * from './verify-audit.js';
