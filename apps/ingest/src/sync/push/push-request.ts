import type { SyncEntityName, SyncResult } from '@hms/contracts';
import type { SyncActor } from '../access/sync-actor.js';
import type { RawOp } from './op-check.js';

/** The ops one device sent. */
export interface PushRequest {
  readonly actor: SyncActor;
  readonly deviceId: string;
  readonly schemaVersion: number;
  readonly app: string | undefined;
  readonly ops: readonly RawOp[];
  /** How often the first op was sent, this time included. */
  readonly attempt: number;
  /** The version of the scope to which the device says it has purged. */
  readonly purgedTo: string | undefined;
  readonly source: RequestSource;
  /** How far the device's clock is off, milliseconds; undefined when it did not say what time it has. */
  readonly skewMs: number | undefined;
}

/** Where a request came from, for the audit. */
export interface RequestSource {
  readonly requestId: string;
  readonly address: string;
  /** Method and route. */
  readonly operation: string;
}

/** What a device may hold: keys of `sync.keys_of`, and the versions of what it may and might before. */
export interface DeviceScope {
  readonly keys: readonly string[];
  readonly ver: string;
  readonly keysBefore: readonly string[];
  readonly verBefore: string | null;
  /** Whether the device has said that it holds nothing else any more. */
  readonly purged: boolean;
}

/** A result, and the row it is about as the server knows it, whatever the op says. */
export interface Answered {
  readonly result: SyncResult;
  readonly target: { readonly entity: SyncEntityName; readonly id: string } | undefined;
}

export interface PushAnswer {
  readonly results: readonly Answered[];
  readonly lastSeq: number;
  readonly scope: DeviceScope;
}
