import { z } from 'zod';
import type { Replica } from './replicas.js';

/** Where a collection stands. Opaque to its client, and not secret. */
export interface Checkpoint {
  /** The number of the replica it is on its way to. */
  readonly r: number;
  /** All changes up to here are known to it; while there is a snapshot, those up to where it began will be. */
  readonly p: number;
  /** A snapshot that is under way: the last id sent; of the keys that came or went, or of all. */
  readonly n?: { readonly a: string | null; readonly k?: 'added' | undefined } | undefined;
  /** The replicas it was before: what is of their keys only is still to be taken back. */
  readonly w?: readonly number[] | undefined;
  /** What was taken back was read by a snapshot of PostgreSQL that ends here. */
  readonly b?: string | undefined;
  /** The feed has all that this snapshot saw up to here. */
  readonly q?: number | undefined;
}

const form = z.strictObject({
  r: z.int().positive(),
  p: z.int().nonnegative(),
  n: z.strictObject({ a: z.uuid().nullable(), k: z.literal('added').optional() }).optional(),
  w: z.array(z.int().positive()).max(50).optional(),
  b: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional(),
  q: z.int().nonnegative().optional(),
});

export const writeCheckpoint = (checkpoint: Checkpoint): string =>
  Buffer.from(JSON.stringify(checkpoint)).toString('base64url');

export function readCheckpoint(text: string): Checkpoint | undefined {
  try {
    return form.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString())).data;
  } catch {
    return undefined;
  }
}

export const replicasIn = ({ r, w = [] }: Checkpoint): number[] => [...new Set([...w, r])];

/** How to go on towards `now`, from a checkpoint on the way to another replica. */
export function turned(checkpoint: Checkpoint, before: Replica, now: Replica, entity: string): Checkpoint {
  const { r, p, w = [], n } = checkpoint;
  const isShownAlike = before.shown[entity] === now.shown[entity];
  // A first snapshot that was under way begins anew.
  const whole = !isShownAlike || (n !== undefined && n.k === undefined);
  return { r: now.no, p, n: { a: null, ...(whole ? {} : { k: 'added' as const }) }, w: [...new Set([...w, r])] };
}

/** By which keys a collection that is on its way between replicas may hold rows, and of which of them all is sent anew. */
export function keysBetween(before: readonly Replica[], now: Replica): { all: string[]; moved: ReadonlySet<string> } {
  const all = new Set([...now.keys, ...before.flatMap(({ keys }) => keys)]);
  const moved = [...all].filter((key) => !now.keys.includes(key) || before.some(({ keys }) => !keys.includes(key)));
  return { all: [...all].sort(), moved: new Set(moved) };
}
