import type { SyncEntityName, SyncResult } from '@hms/contracts';
import type { ReadyOp } from '../entities/entity.js';
import type { Row } from '../entities/row.js';
import type { RawOp } from './op-check.js';
import type { PushRequest } from './push-request.js';

/** What became of an op; `row` is the one it is about, where there is one. */
export interface Decision {
  readonly raw: RawOp;
  /** Undefined for an op that could not be read. */
  readonly op: ReadyOp | undefined;
  readonly entity: SyncEntityName | undefined;
  readonly row: Row | undefined;
  /** Whether the op changed the row. */
  readonly wrote: boolean;
  readonly result: SyncResult;
}

/** What became of the ops of one request. */
export interface Decided {
  readonly request: PushRequest;
  readonly decisions: readonly Decision[];
}

export const isRefusal = (status: SyncResult['status']): boolean =>
  status === 'rejected' || status === 'conflict' || status === 'blocked';
