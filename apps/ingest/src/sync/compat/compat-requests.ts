import { type SyncEntityName, syncEntityNames, syncLimits } from '@hms/contracts';
import { z } from 'zod';

/** What requests of foreign clients may hold. */
export const compatLimits = {
  /** Of RxDB: documents in a batch, either way. */
  batch: syncLimits.ops,
  /** Of WatermelonDB, which cannot divide a push. */
  changes: 2_000,
  changesBytes: 4 * 1024 * 1024,
} as const;

/** In lower case, as PostgreSQL answers it: a client would not recognise its own row. */
const id = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);

/** The registered device, in the query. */
export const compatQuery = z.object({ device: z.uuid().toLowerCase() });

export const rxdbPull = z.strictObject({
  /** As it was last answered; null, or nothing, to begin. */
  checkpoint: z
    .strictObject({ cursor: z.string().max(2_000) })
    .nullish()
    .transform((checkpoint) => checkpoint?.cursor ?? null),
  // Not clamped: the client takes fewer documents than it asked for to be all there are.
  limit: z.int().min(1).max(compatLimits.batch),
});

const document = z.looseObject({
  id,
  _deleted: z.boolean().optional(),
  version: z
    .int()
    .nonnegative()
    .max(2 ** 31 - 1)
    .nullish()
    .transform((version) => version ?? undefined),
});

export const rxdbPush = z
  .array(z.looseObject({ newDocumentState: document, assumedMasterState: document.nullish() }))
  .max(compatLimits.batch);

/** Since when, as it was last answered; null, or nothing, to be told at once. */
export const rxdbNews = z.strictObject({
  since: z
    .int()
    .nonnegative()
    .nullish()
    .transform((since) => since ?? null),
});

const timestamp = z.int().positive();

export const watermelonPull = z.looseObject({
  lastPulledAt: timestamp.nullish().transform((at) => at ?? null),
  migration: z.looseObject({}).nullish(),
});

const table = z.object({
  created: z.array(z.looseObject({ id })).default([]),
  updated: z.array(z.looseObject({ id })).default([]),
  deleted: z.array(id).default([]),
});
type Tables = Partial<Record<SyncEntityName, z.output<typeof table>>>;
const size = ({ created, updated, deleted }: z.output<typeof table>): number =>
  created.length + updated.length + deleted.length;

export const watermelonPush = z.looseObject({
  lastPulledAt: timestamp,
  changes: z
    .record(z.string().max(64), table)
    .refine((tables) => Object.values(tables).reduce((sum, each) => sum + size(each), 0) <= compatLimits.changes, {
      message: `at most ${compatLimits.changes} changes at once`,
    })
    // Tables that nobody here knows may be there, but what is in them would be lost without a word.
    .refine((tables) => Object.entries(tables).every(([name, each]) => isSynced(name) || size(each) === 0), {
      message: 'has changes of a table that is not synced',
    })
    .transform((tables): Tables => Object.fromEntries(Object.entries(tables).filter(([name]) => isSynced(name)))),
});

const isSynced = (name: string): boolean => (syncEntityNames as readonly string[]).includes(name);
