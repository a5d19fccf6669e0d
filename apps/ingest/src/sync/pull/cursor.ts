import { z } from 'zod';
import type { FeedHead } from '../relay/feed-watch.js';

/** Where a device stands with one entity. Opaque to it, and not secret. */
export interface Cursor {
  /** Feed and epoch. */
  readonly f: string;
  readonly e: number;
  /** All changes up to here are known to the device; while there is a snapshot, those up to where it began will be. */
  readonly p: number;
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
  if (cursor.f !== head.feedId || cursor.e > head.epoch || !outlived(cursor, head)) return 'epoch';
  if (cursor.p < head.floor) return 'expired';
  return cursor.g === projection ? undefined : 'projection';
}

/** Whether everything the device was told happened, whatever was lost with the servers that told it. */
function outlived({ e, p, n }: Cursor, { epoch, epochs }: FeedHead): boolean {
  if (e === epoch) return true;
  const since = epochs.filter((one) => one.epoch > e);
  // Rows of a snapshot are newer than its position.
  return !n && since.length === epoch - e && since.every(({ upTo }) => p <= upTo);
}
