import type { SyncStatus } from '@hms/contracts';

export interface ServerRow {
  readonly entity: string;
  readonly id: string;
  version: number;
  keys: readonly string[];
  fields: Record<string, unknown>;
  /** In which version a field last changed. */
  fieldVersions: Record<string, number>;
  /** Which device made which version. */
  makers: Record<number, string>;
  deleted: boolean;
}

export interface ServerDevice {
  readonly user: string;
  lastSeq: number;
}

/** Everything a failover may take back. */
export interface ServerState {
  readonly rows: Map<string, ServerRow>;
  readonly feed: { readonly pos: number; readonly entity: string; readonly id: string }[];
  readonly devices: Map<string, ServerDevice>;
  readonly ledger: Map<string, SyncStatus>;
  /** How often an op took effect. */
  readonly effects: Map<string, number>;
  pos: number;
  /** As far as the relay has come: what lies beyond is in no feed yet. */
  head: number;
  /** Positions before are gone from the feed. */
  floor: number;
}

export const emptyState = (): ServerState => ({
  rows: new Map(),
  feed: [],
  devices: new Map(),
  ledger: new Map(),
  effects: new Map(),
  pos: 0,
  head: 0,
  floor: 0,
});

/** The row changed: its version, and what the feed says. */
export function touch(
  state: ServerState,
  row: ServerRow,
  fields: Readonly<Record<string, unknown>>,
  maker: string,
): void {
  row.version++;
  row.makers[row.version] = maker;
  for (const [field, value] of Object.entries(fields)) {
    row.fields[field] = value;
    row.fieldVersions[field] = row.version;
  }
  row.keys = keysOf(row.fields);
  state.feed.push({ pos: ++state.pos, entity: row.entity, id: row.id });
}

export const keysOf = ({ ward }: Readonly<Record<string, unknown>>): readonly string[] => [
  typeof ward === 'string' ? `ward:${ward}` : 'all',
];
