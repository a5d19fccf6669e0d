import { z } from 'zod';
import type { SyncEntityName } from './entities.js';

/** Version of the protocol: the `v` of every request and answer. */
export const syncProtocol = 1;
/** Version of the rows and patches this release speaks. */
export const syncSchema = 1;
/** Below this, pushes are still taken, and pulls answer with nothing but `hints.upgrade`. */
export const minSyncSchema = 1;

export const syncLimits = {
  ops: 200,
  opBytes: 64 * 1024,
  bodyBytes: 1024 * 1024,
  inflatedBytes: 8 * 1024 * 1024,
  rows: 1_000,
  rowsBytes: 512 * 1024,
  waitMs: 25_000,
} as const;

/** PostgreSQL answers in lower case, whatever a device sends. */
const uuid = z.uuid().toLowerCase();
const uuidv7 = z.uuidv7().toLowerCase();
const int4 = 2 ** 31 - 1;
const line = z.string().regex(/^[^\p{Cc}\p{Cs}]*$/u);
const time = z.iso.datetime({ offset: true });
const fields = z.record(z.string().max(64), z.json());

/** One change a person made on a device, with the number the device gave it. */
export const syncOp = z.strictObject({
  /** Counts the changes of this device, from 1 and without a gap. */
  seq: z.int().positive(),
  /** UUIDv7, the same for ever, whatever device sends it. */
  op: uuidv7,
  entity: z.string().max(64),
  id: uuid,
  kind: z.enum(['create', 'update', 'delete', 'command']),
  /** The `_v` of the row the change was made on; null for a row that is new. */
  base: z.int().nonnegative().max(int4).nullable().default(null),
  /** The whole row of a `create`, the changed fields of an `update`. */
  patch: fields.nullable().default(null),
  /** What the changed fields said before. */
  was: fields.nullable().default(null),
  cmd: z
    .strictObject({ name: z.string().max(64), args: fields.default({}) })
    .nullable()
    .default(null),
  /** Ids of ops this one makes no sense without. */
  deps: z.array(uuid).max(20).default([]),
  /** Neighbouring ops of one group take effect together or not at all. */
  group: z.string().max(64).nullable().default(null),
  /** The schema the patch was written in. */
  sv: z.int().positive().max(int4),
  hlc: z
    .string()
    .regex(/^[0-9a-f]{12}-[0-9a-f]{4}$/)
    .nullable()
    .default(null),
  /** When the person did it, by the device's clock. */
  at: time,
  /** What the device takes its clock to be off, to be added to its times, milliseconds. */
  off: z.int().min(-1e12).max(1e12).default(0),
});
export type SyncOp = z.output<typeof syncOp>;

export const syncRequest = z.strictObject({
  v: z.literal(syncProtocol),
  device: uuid,
  schema: z.int().positive().max(int4),
  app: line.max(100).optional(),
  /** How often the first op was sent before, and answered by nothing, plus one. */
  attempt: z.int().min(1).max(1_000_000).default(1),
  clock: z.strictObject({ wall: time, hlc: z.string().max(32).optional() }).optional(),
  /** The version of the scope whose purge is finished on the device. */
  ack: z.strictObject({ purge: z.string().max(64).optional() }).default({}),
  // Each op is looked at by itself: one that is unreadable keeps no other back.
  ops: z
    .array(z.looseObject({ seq: z.int().positive(), op: uuidv7 }))
    .max(syncLimits.ops)
    .default([]),
  pull: z
    .strictObject({
      /** By entity, as they were last answered; null to begin. An entity that is not named is not pulled. */
      cursors: z.record(z.string().max(64), z.string().max(2_000).nullable()),
      limit: z.int().min(1).max(syncLimits.rows).default(syncLimits.rows),
      max_bytes: z.int().min(1_024).max(syncLimits.rowsBytes).default(syncLimits.rowsBytes),
      /** How long to wait for a change when there is none. */
      wait_ms: z.int().min(0).max(syncLimits.waitMs).default(0),
    })
    .optional(),
});
export type SyncRequest = z.output<typeof syncRequest>;
export type SyncRequestBody = z.input<typeof syncRequest>;

/**
 * What became of an op, for ever.
 * - `applied`: as it was sent
 * - `merged`: some fields were not taken, and are listed
 * - `duplicate`: seen before; `was` says what became of it then, where that is still known
 * - `conflict`: nothing took effect, and a person has to decide
 * - `rejected`: never will; `code` says why, and the payload is kept for a supervisor
 * - `blocked`: an op it depends on was refused
 */
export type SyncStatus = 'applied' | 'merged' | 'duplicate' | 'conflict' | 'rejected' | 'blocked';

export type SyncRefusal =
  | 'invalid'
  | 'unknown_field'
  | 'unknown_entity'
  | 'forbidden'
  | 'forbidden_scope'
  | 'not_found'
  | 'deleted'
  | 'parent_missing'
  | 'bad_transition'
  | 'safety'
  | 'slot_taken'
  | 'too_large'
  | 'expired'
  | 'internal_poison';

/** A row as a device holds it: its fields, its version `_v` and the keys `_sk` by which its device may hold it. */
export interface SyncRow {
  readonly id: string;
  readonly _v: number;
  readonly _sk: readonly string[];
  readonly [field: string]: unknown;
}

export interface FieldConflict {
  readonly field: string;
  readonly yours: unknown;
  readonly theirs: unknown;
  readonly kept: 'theirs';
}

/** A time that can be booked instead of one that is taken. */
export interface FreeTime {
  readonly start: string;
  readonly end: string;
  readonly providerId: string;
  readonly serviceId: string;
  readonly siteId: string;
  /** The zone of the site's clocks. */
  readonly tz: string;
}

export interface SyncResult {
  readonly seq: number;
  readonly op: string;
  readonly status: SyncStatus;
  readonly code?: SyncRefusal;
  /** For the person who made the change. */
  readonly text?: string;
  /** What is wrong with which field. */
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  /** Of a duplicate: what became of it when it was seen first. */
  readonly was?: SyncStatus;
  /** Of a blocked op: the op that was refused. */
  readonly by?: string;
  readonly ver?: number;
  /** The row as it stands now, if the device may hold it. */
  readonly row?: SyncRow | null;
  readonly conflicts?: readonly FieldConflict[];
  /** Of a time that is taken: up to three that are not, the next first. */
  readonly alternatives?: readonly FreeTime[];
  /** Under which id the payload waits for a person. */
  readonly quarantine?: string;
  readonly conflict?: string;
}

export interface SyncChanges {
  readonly put: readonly SyncRow[];
  /** Deleted. */
  readonly del: readonly string[];
  /** No longer this device's to hold. */
  readonly out: readonly string[];
}

/** The cursor was of no use: the entity is sent anew. Rows of before stay until `snapshot_done` names it. */
export interface SyncReset {
  readonly entity: string;
  readonly why: 'expired' | 'epoch' | 'projection' | 'unreadable';
  readonly how: 'snapshot';
}

export interface SyncResponse {
  readonly v: typeof syncProtocol;
  readonly server_time: string;
  readonly feed: string;
  readonly epoch: number;
  readonly device: { readonly last_seq: number };
  readonly results: readonly SyncResult[];
  /** The first op nobody looked at: to be sent again from there. */
  readonly unprocessed_from: number | null;
  readonly changes: Partial<Record<SyncEntityName, SyncChanges>>;
  /** Rows with none of the keys in `keep` are to be deleted. Repeated until `ack.purge` names `ver`. */
  readonly purge?: { readonly ver: string; readonly keep: readonly string[] };
  readonly reset: readonly SyncReset[];
  /** Entities now sent whole: a row not sent since their reset is none of the device's any more. */
  readonly snapshot_done: readonly string[];
  readonly cursors: Readonly<Record<string, string>>;
  /** False when there is more to pull at once. */
  readonly complete: boolean;
  readonly hints: {
    readonly next_ms: number;
    readonly max_ops: number;
    /** Until when the device may be used without having synced again. */
    readonly lease_until: string;
    /** How far the device's clock is off, to be added to its times, milliseconds. */
    readonly clock_off_ms?: number;
    readonly upgrade?: { readonly min: number };
    /** Where a snapshot begins that leaves out what is older, for there is more than a device should hold; RFC 3339. */
    readonly history_from?: Partial<Record<SyncEntityName, string>>;
  };
}

export const syncRegistration = z.strictObject({
  v: z.literal(syncProtocol),
  /** Drawn by the device at its first start and never restored from a backup; UUIDv7. */
  device: uuidv7,
  name: line.min(1).max(100),
  app: line.max(100).optional(),
  schema: z.int().positive().max(int4),
  /** How many record numbers to set aside for patients registered offline. */
  mrns: z.int().min(0).max(100).default(0),
});
export type SyncRegistrationBody = z.input<typeof syncRegistration>;

export interface SyncRegistered {
  readonly v: typeof syncProtocol;
  readonly device: string;
  readonly last_seq: number;
  readonly server_time: string;
  /** Record numbers this device alone may give, each once. */
  readonly mrns: readonly string[];
}

/** The first message a device sends on the WebSocket `/sync/live`. */
export const syncHello = z.strictObject({ v: z.literal(syncProtocol), token: z.string().max(8_192), device: uuid });
export type SyncHello = z.input<typeof syncHello>;

/** What the server says on `/sync/live`: that it listens, or that rows of these entities changed, so that it is time to sync. */
export type SyncLiveMessage = { readonly ready: true } | { readonly p: number; readonly e: readonly SyncEntityName[] };

/** Why the server closes `/sync/live`; the first two are of RFC 6455. */
export const syncLiveClosing = {
  goingAway: 1001,
  tryAgainLater: 1013,
  /** The token is none, or none any more. */
  unauthenticated: 4401,
  /** What the device may hold changed, or is not known yet: it has to sync before it listens. */
  syncFirst: 4409,
} as const;
