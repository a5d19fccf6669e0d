import { createHash } from 'node:crypto';
import type { LockedDevice } from '../push/device-lock.js';
import type { DeviceScope } from '../push/push-request.js';

/** Two devices that may hold the same have the same. */
export const scopeVersion = (keys: readonly string[]): string =>
  createHash('sha256').update(keys.join(' ')).digest('base64url').slice(0, 16);

/**
 * What the device may hold from now on. When that is something else than before, whatever it said it had purged to counts
 * no more, even when the keys come back later: meanwhile it may have been given others.
 */
export function nextScope(device: LockedDevice, keys: readonly string[], purgedTo: string | undefined): DeviceScope {
  const ver = scopeVersion(keys);
  if (ver !== device.ver) return { keys, ver, keysBefore: device.keys, verBefore: device.ver, purged: false };
  const { keysBefore, verBefore, acked } = device;
  return { keys, ver, keysBefore, verBefore, purged: acked === ver || purgedTo === ver };
}
