import type { Hospital } from '../hospitals/hospital.js';

/** Who sends: proven by a device key. The hospital comes from the key, never from what is sent. */
export interface Caller {
  readonly keyId: string;
  readonly gatewayId: string;
  readonly hospital: Hospital;
  readonly hospitalActive: boolean;
  /** Of class `critical`: what it sends is refused last. */
  readonly isCritical: boolean;
  /** Milliseconds since 1970; Infinity for a key without end. */
  readonly expiresAt: number;
  /** Epoch of the hospital this was read at. */
  readonly epoch: number;
}
