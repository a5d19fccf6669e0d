export * from './audit-event.js';
export { AuditKeys, type AuditKeyFile, type Seal } from './audit-keys.js';
