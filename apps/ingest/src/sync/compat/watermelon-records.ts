import type { SyncEntityName } from '@hms/contracts';
import type { Fields } from '../entities/row.js';
import { type Document, fieldsOf } from './documents.js';
import type { Wish } from './wish.js';

/** A record as it goes over the wire: columns hold texts, numbers and booleans only. */
export interface RawRecord {
  readonly id: string;
  readonly [column: string]: unknown;
}

export interface TableChanges {
  readonly created: readonly RawRecord[];
  readonly updated: readonly RawRecord[];
  readonly deleted: readonly string[];
}

/** Fields that no column can hold as they are; it holds their JSON. */
const inJson: Readonly<Record<SyncEntityName, readonly string[]>> = {
  patients: ['address'],
  allergies: ['reactions'],
  conditions: [],
  observations: ['value'],
  appointments: ['resourceIds'],
  encounters: [],
  notes: [],
};

export function recordOf(entity: SyncEntityName, { _deleted: _, ...document }: Document): RawRecord {
  const texts = inJson[entity].flatMap((name) => {
    const value = document[name] ?? null;
    return value === null ? [] : [[name, JSON.stringify(value)]];
  });
  return { ...document, ...(Object.fromEntries(texts) as Fields) };
}

/** What the changes of a table ask for. Their client saw each row as it stands: that is checked before they are made. */
export function wishesOf(entity: SyncEntityName, { created, updated, deleted }: TableChanges): Wish[] {
  const wish = (raw: RawRecord): Wish => ({
    entity,
    id: raw.id,
    deleted: false,
    fields: fieldsIn(entity, raw),
    seen: true,
  });
  return [
    ...created.map(wish),
    ...updated.map((raw) => ({ ...wish(raw), changed: changedIn(raw) })),
    ...deleted.map((id) => ({ entity, id, deleted: true, fields: {}, seen: true })),
  ];
}

const bookkeeping = new Set(['_status', '_changed']);

function fieldsIn(entity: SyncEntityName, raw: RawRecord): Fields {
  const fields = Object.entries(fieldsOf(raw)).filter(([name]) => !bookkeeping.has(name));
  return Object.fromEntries(
    fields.map(([name, value]) => [name, inJson[entity].includes(name) ? parsed(value) : value]),
  );
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** The columns the client says were changed, or all it has. */
function changedIn(raw: RawRecord): string[] {
  const { _changed: changed } = raw;
  const named = typeof changed === 'string' ? changed.split(',').filter((name) => name !== '') : [];
  return named.length > 0 ? named : Object.keys(fieldsOf(raw)).filter((name) => !bookkeeping.has(name));
}
