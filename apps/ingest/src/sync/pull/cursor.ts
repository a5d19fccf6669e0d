import { z } from 'zod';
import type { FeedHead } from '../relay/feed-watch.js';

/** Where a device stands with one entity. Opaque to it, and not secret. */
export interface Cursor {
  /** Feed and epoch. */
  readonly f: string;
  readonly e: number;
  /** All changes up to here are known to the device; while there is a snapshot, those up to where it began will be. */
  readonly p: number;
  /** Where the feed stood when rows were last read for it, when that is further on: what was told may be as new. */
  readonly r?: number | undefined;
  /** The scope in which it holds everything. */
  readonly s: string;
  /** Which fields it is sent. */
  readonly g: string;
  /** A snapshot that is under way: the last id sent, of which keys; no keys mean all. */
  readonly n?:
    { readonly a: string | null; readonly k?: 'added' | undefined; readonly b?: string | undefined } | undefined;
}

const form = z.strictObject({
  f: z.uuid(),
  e: z.int().positive(),
  p: z.int().nonnegative(),
  r: z.int().nonnegative().optional(),
  s: z.string().max(32),
  g: z.string().max(32),
  n: z
    .strictObject({ a: z.uuid().nullable(), k: z.literal('added').optional(), b: z.string().max(32).optional() })
    .optional(),
});

export const writeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

export function readCursor(text: string): Cursor | undefined {
  try {
    return form.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}

/** Why nothing can follow this cursor; undefined when something can. */
export function uselessness(
  cursor: Cursor,
  head: FeedHead,
  projection: string,
): 'expired' | 'epoch' | 'projection' | undefined {
  if (!outlived(cursor, head)) return 'epoch';
  if (cursor.p < head.floor) return 'expired';
  return cursor.g === projection ? undefined : 'projection';
}

/** Up to where the device may have been told something. */
export const reachOf = ({ p, r = p }: Cursor): number => Math.max(p, r);

export const isOf = ({ f, e }: Cursor, { feedId, epoch }: FeedHead): boolean => f === feedId && e === epoch;

/** Whether everything the device was told happened, whatever was lost with the servers that told it. */
function outlived(cursor: Cursor, head: FeedHead): boolean {
  const reach = reachOf(cursor);
  // Beyond the end of its own feed: the database was put back as it was before.
  if (isOf(cursor, head)) return reach <= head.pos;
  const since = head.epochs.filter((one) => one.epoch > cursor.e);
  const next = since.find((one) => one.epoch === cursor.e + 1);
  return (
    next?.before === cursor.f && since.length === head.epoch - cursor.e && since.every(({ upTo }) => reach <= upTo)
  );
}
