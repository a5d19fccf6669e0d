import type { SyncRow } from '@hms/contracts';
import { type Fields, same } from '../entities/row.js';

/** A row as clients of documents hold it. Those that are gone, or none of theirs, keep nothing but their id. */
export interface Document {
  readonly id: string;
  readonly _deleted: boolean;
  readonly [field: string]: unknown;
}

export const tombstone = (id: string): Document => ({ id, _deleted: true });

export function documentOf({ id, _v: version, _sk: _, ...fields }: SyncRow): Document {
  return { id, version, ...fields, _deleted: false };
}

/** What a document holds besides the fields of its row. */
const own = new Set(['id', 'version', '_v', '_sk', '_deleted', '_rev', '_meta', '_attachments']);

export const fieldsOf = (document: Fields): Fields =>
  Object.fromEntries(Object.entries(document).filter(([name]) => !own.has(name)));

/** Whether two documents say the same: of one that is deleted nothing else counts, and versions never do. */
export function sayTheSame(one: Fields, other: Fields): boolean {
  if (one['_deleted'] === true || other['_deleted'] === true) return one['_deleted'] === other['_deleted'];
  const [a, b] = [fieldsOf(one), fieldsOf(other)];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => same(a[name], b[name]));
}
