import type { SyncEntityName, SyncResult } from '@hms/contracts';
import type { TransactionSql } from 'postgres';
import type { SyncActor } from '../access/sync-actor.js';
import type { RawOp } from './op-check.js';

/** The ops one device sent. */
export interface PushRequest {
  readonly actor: SyncActor;
  readonly deviceId: string;
  readonly schemaVersion: number;
  readonly app: string | undefined;
  readonly ops: readonly RawOp[];
  /** Instead of `ops`, from a client that does not number what it does. */
  readonly unnumbered?: UnnumberedOps;
  /** How often the first op was sent, this time included. */
  readonly attempt: number;
  /** The version of the scope to which the device says it has purged. */
  readonly purgedTo: string | undefined;
  readonly source: RequestSource;
  /** How far the device's clock is off, milliseconds; undefined when it did not say what time it has. */
  readonly skewMs: number | undefined;
}

/** Ops that are made and numbered within the push, under the lock of their device. */
export interface UnnumberedOps {
  /** @param first the number of the first of them @throws what undoes the push */
  readonly compose: (tx: TransactionSql, first: number) => Promise<readonly RawOp[]>;
  /** Called before it is committed. @throws what undoes the push */
  readonly settle?: (tx: TransactionSql, results: readonly Answered[]) => Promise<void>;
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
  /** The row as JSON, where the device may hold it. */
  readonly row?: string;
}

/** From the third time on something is wrong with the ops, not with the way. */
export const carefulFrom = 3;
export const needsCare = ({ attempt }: Pick<PushRequest, 'attempt'>): boolean => attempt >= carefulFrom;

/** By the fifth time it is the first op, or its group, that the database does not finish. */
const poisonFrom = 5;
export const isStuck = ({ attempt, ops }: Pick<PushRequest, 'attempt' | 'ops'>): boolean =>
  attempt >= poisonFrom && ops.length > 0;

/** Whether the request shares its transaction with no other. */
export const isAlone = (request: Pick<PushRequest, 'attempt' | 'unnumbered'>): boolean =>
  needsCare(request) || request.unnumbered !== undefined;

export interface PushAnswer {
  readonly results: readonly Answered[];
  /** The number of the first op that was not looked at, if any was not. */
  readonly restFrom?: number;
  readonly lastSeq: number;
  readonly scope: DeviceScope;
}

/** An answer, and to what. */
export interface AnsweredPush extends PushAnswer {
  readonly request: PushRequest;
}
