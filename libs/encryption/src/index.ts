export * from './cipher/field-cipher.js';
export { normaliseIdentifier } from './cipher/normalise-identifier.js';
export * from './encryption.errors.js';
export type { DataKeyPurpose, DataKeyStore, NewDataKey, StoredDataKey } from './keys/data-key.js';
export { DataKeys, type DataKeysOptions } from './keys/data-keys.js';
export type { KeyProvider, WrappedKey } from './keys/key-provider.js';
export * from './keys/key-source.js';
