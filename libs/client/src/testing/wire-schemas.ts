import type { SyncRegistered, SyncResponse } from '@hms/contracts';
import { syncEntityNames, syncOp, syncRegistration, syncRequest } from '@hms/contracts';
import { z } from 'zod';

/** Every message of the protocol. Those of the server are described here; that they are what the contract says, the types hold. */

const uuid = z.uuid();
const time = z.iso.datetime({ offset: true });
const status = z.enum(['applied', 'merged', 'duplicate', 'conflict', 'rejected', 'blocked']);
const refusal = z.enum([
  'invalid',
  'unknown_field',
  'unknown_entity',
  'forbidden',
  'forbidden_scope',
  'not_found',
  'deleted',
  'parent_missing',
  'bad_transition',
  'safety',
  'slot_taken',
  'too_large',
  'expired',
  'internal_poison',
]);

const row = z
  .object({ id: uuid, _v: z.int().nonnegative(), _sk: z.array(z.string()) })
  .catchall(z.unknown())
  .describe('The fields of the row, its version `_v`, and the keys `_sk` by which a device may hold it.');

const conflict = z.object({ field: z.string(), yours: z.unknown(), theirs: z.unknown(), kept: z.literal('theirs') });

const freeTime = z.object({
  start: time,
  end: time,
  providerId: uuid,
  serviceId: uuid,
  siteId: uuid,
  tz: z.string(),
});

const result = z.object({
  seq: z.int().positive(),
  op: uuid,
  status,
  code: refusal.exactOptional(),
  text: z.string().exactOptional().describe('For the person who made the change.'),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).exactOptional(),
  was: status.exactOptional().describe('Of a duplicate: what became of it when it was seen first.'),
  by: uuid.exactOptional().describe('Of a blocked op: the op that was refused.'),
  ver: z.int().exactOptional(),
  row: row.nullable().exactOptional().describe('The row as it stands now, if the device may hold it.'),
  conflicts: z.array(conflict).exactOptional(),
  alternatives: z.array(freeTime).exactOptional().describe('Of a time that is taken: up to three that are not.'),
  quarantine: z.string().exactOptional(),
  conflict: z.string().exactOptional(),
});

const changes = z.object({
  put: z.array(row),
  del: z.array(uuid).describe('Deleted.'),
  out: z.array(uuid).describe("No longer this device's to hold."),
});

const reset = z.object({
  entity: z.string(),
  why: z.enum(['expired', 'epoch', 'projection', 'unreadable']),
  how: z.literal('snapshot'),
});

const hints = z.object({
  next_ms: z.int().nonnegative(),
  max_ops: z.int().positive(),
  lease_until: time,
  clock_off_ms: z.int().exactOptional(),
  upgrade: z.object({ min: z.int().positive() }).exactOptional(),
  history_from: z.partialRecord(z.enum(syncEntityNames), time).exactOptional(),
});

export const responseSchema = z.object({
  v: z.literal(1),
  server_time: time,
  feed: z.string(),
  epoch: z.int(),
  device: z.object({ last_seq: z.int().nonnegative() }),
  results: z.array(result),
  unprocessed_from: z.int().positive().nullable(),
  changes: z.partialRecord(z.enum(syncEntityNames), changes),
  purge: z.object({ ver: z.string(), keep: z.array(z.string()) }).exactOptional(),
  reset: z.array(reset),
  snapshot_done: z.array(z.string()),
  cursors: z.record(z.string(), z.string()),
  complete: z.boolean(),
  hints,
}) satisfies z.ZodType<SyncResponse>;

export const registeredSchema = z.object({
  v: z.literal(1),
  device: uuid,
  last_seq: z.int().nonnegative(),
  server_time: time,
  mrns: z.array(z.string()),
}) satisfies z.ZodType<SyncRegistered>;

// And the other way round: nothing the contract lets the server say is missing here.
type Covers<Said, Described> = Said extends Described ? true : never;
export const describesAll: [
  Covers<SyncResponse['results'][number]['status'], z.output<typeof status>>,
  Covers<NonNullable<SyncResponse['results'][number]['code']>, z.output<typeof refusal>>,
] = [true, true];

/** As other languages read them, by file name. */
export const jsonSchemas = (): Record<string, object> => ({
  'register-request': z.toJSONSchema(syncRegistration, { io: 'input' }),
  'register-response': z.toJSONSchema(registeredSchema, { io: 'input' }),
  'sync-request': z.toJSONSchema(syncRequest, { io: 'input' }),
  'sync-op': z.toJSONSchema(syncOp, { io: 'input' }),
  'sync-response': z.toJSONSchema(responseSchema, { io: 'input' }),
});
