import type { SyncOp, SyncResult, SyncStatus } from '@hms/contracts';
import { table, type Transaction } from '../storage/transaction.js';
import { startOfTime } from '../clock.js';

/** A change that waits for the server's word. */
export interface QueuedOp {
  readonly op: SyncOp;
  /** The person took it back after it was refused: should the server forget that it refused it, it must not take effect. */
  readonly void?: true;
}

/** A change the server has answered, kept for a while in case a failover makes the server forget it. */
export interface DoneOp extends QueuedOp {
  readonly status: SyncStatus;
  /** When it was answered, by the server's clock: that of the device may jump. */
  readonly at: number;
}

/** What a person has to look at: a refused change, or one of which some fields were not taken. */
export interface AttentionItem {
  readonly op: SyncOp;
  readonly result: SyncResult;
  /** When it was answered, by the server's clock. */
  readonly at: number;
}

export interface QueueState {
  /** Drawn at the first start; never restored from a backup. */
  readonly device: string | null;
  readonly registered: boolean;
  /** The number of the next op. */
  readonly nextSeq: number;
  readonly hlc: string;
  /** What the device takes its clock to be off; to be added to its times. */
  readonly off: number;
  /** How often a request that began with this op was answered by nothing. */
  readonly tries: { readonly seq: number; readonly count: number };
  /** Record numbers only this device may give. */
  readonly recordNumbers: readonly string[];
}

export const freshQueue: QueueState = {
  device: null,
  registered: false,
  nextSeq: 1,
  hlc: startOfTime,
  off: 0,
  tries: { seq: 0, count: 0 },
  recordNumbers: [],
};

export const queueTable = table<QueuedOp>('op');
export const doneTable = table<DoneOp>('done');
export const attentionTable = table<AttentionItem>('attention');
const stateTable = table<QueueState>('state');

/** Ids of ops by number, in the order of the numbers. */
export const seqKey = (seq: number): string => String(seq).padStart(16, '0');

const only = 'only';
export const stateIn = async (tx: Transaction): Promise<QueueState> => (await tx.get(stateTable, only)) ?? freshQueue;
export const putState = (tx: Transaction, state: QueueState): void => tx.put(stateTable, only, state);
