import { createHash } from 'node:crypto';

/** A row in its place: what its hash is computed over, besides the hash before. */
export interface Link {
  readonly seq: number;
  readonly xid: string;
  readonly mac: Uint8Array;
  /** Of `canonicalText`. */
  readonly text: string;
}

/** A signed statement that the chain, up to `seq`, is the one that ends in `hash`. */
export interface Checkpoint {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly hash: Buffer;
  readonly keyId: string;
  readonly signature: Buffer;
}

/** What the first link of a chain follows; no two hospitals' chains begin alike. */
export const beginning = (hospitalId: string | null): Buffer =>
  createHash('sha256')
    .update(`hms.audit.chain.1\0${hospitalId ?? 'platform'}`)
    .digest();

/** The parts before the text have a fixed length or none of its characters, so no two links have the same input. */
export const hashOf = (previous: Uint8Array, { seq, xid, mac, text }: Link): Buffer =>
  createHash('sha256').update(previous).update(mac).update(`${seq} ${xid} `).update(text).digest();

/** What is signed. */
export const checkpointText = (hospitalId: string | null, { seq, at, hash }: Omit<Checkpoint, 'keyId' | 'signature'>) =>
  JSON.stringify(['hms.audit.checkpoint.1', hospitalId, seq, at, hash.toString('hex')]);
