import type { SyncOp, SyncResponse, SyncRow } from '@hms/contracts';
import { testStart } from './test-environment.js';

export const idOf = (number: number): string => `01890000-0000-7000-8000-${String(number).padStart(12, '0')}`;

export const opOf = (seq: number, more: Partial<SyncOp> = {}): SyncOp => ({
  seq,
  op: idOf(1_000 + seq),
  entity: 'patients',
  id: idOf(1),
  kind: 'update',
  base: 1,
  patch: { phone: String(seq) },
  was: null,
  cmd: null,
  deps: [],
  group: null,
  sv: 1,
  hlc: null,
  at: new Date(testStart).toISOString(),
  off: 0,
  ...more,
});

export const rowOf = (number: number, version: number, more: Readonly<Record<string, unknown>> = {}): SyncRow => ({
  phone: '0',
  ...more,
  id: idOf(number),
  _v: version,
  _sk: ['ward:a'],
});

export const responseOf = (more: Partial<SyncResponse> = {}): SyncResponse => ({
  v: 1,
  server_time: new Date(testStart).toISOString(),
  feed: idOf(0),
  epoch: 1,
  device: { last_seq: 0 },
  results: [],
  unprocessed_from: null,
  changes: {},
  reset: [],
  snapshot_done: [],
  cursors: {},
  complete: true,
  hints: { next_ms: 60_000, max_ops: 200, lease_until: new Date(testStart + 14 * 86_400_000).toISOString() },
  ...more,
});
