import { formatMrn, type SyncEntityName, syncEntityNames } from '@hms/contracts';
import type { Entity } from '../entities/entity.js';
import { entities } from '../entities/registry.js';
import type { Fields } from '../entities/row.js';
import { insertRows, takeRecordNumbers, updateRows } from './push-statements.js';
import type { HospitalTransaction } from './hospital-transaction.js';
import type { Write } from './working-set.js';

/** What is allowed of one may depend on the other: an encounter ends when all its notes are signed, and not before. */
const linked: ReadonlySet<SyncEntityName> = new Set(['encounters', 'notes']);

/**
 * Stores what the ops changed, set by set: kind by kind in the order of the registry, a row's changes wave by wave; kinds that
 * depend on each other in the order of the ops. All is sent at once.
 */
export async function storeWrites(at: HospitalTransaction, writes: readonly Write[]): Promise<void> {
  const byKind = syncEntityNames.flatMap((name) => {
    const own = writes.filter(({ entity }) => entity === name);
    return own.length > 0 && !linked.has(name) ? [own] : [];
  });
  const inOrder = runsOf(writes.filter(({ entity }) => linked.has(entity)));
  await Promise.all([...byKind, ...inOrder].flatMap((set) => storeSet(at, set)));
}

/** Those of one kind that follow each other. */
function runsOf(writes: readonly Write[]): Write[][] {
  const runs: Write[][] = [];
  for (const write of writes) {
    const run = runs.at(-1);
    if (run?.[0]?.entity === write.entity) run.push(write);
    else runs.push([write]);
  }
  return runs;
}

/** Sends what stores changes of one kind. */
function storeSet(at: HospitalTransaction, set: readonly Write[]): Promise<unknown>[] {
  const [first] = set;
  if (!first) return [];
  const { store } = entities[first.entity];
  if (store) return [storeInOrder(at, store, set)];
  const waves = [...new Set(set.map(({ wave }) => wave))].sort((a, b) => a - b);
  return waves.flatMap((wave) => {
    const now = set.filter((write) => write.wave === wave);
    const of = (kind: Write['kind']): Fields[] => now.flatMap((write) => (write.kind === kind ? [write.columns] : []));
    return [insert(at, first.entity, of('insert')), update(at, first.entity, of('update'))];
  });
}

async function storeInOrder(
  { tx, hospital }: HospitalTransaction,
  store: NonNullable<Entity['store']>,
  writes: readonly Write[],
): Promise<void> {
  const changes = writes.map(({ kind, columns }) => ({ kind, ...columns }));
  await tx.unsafe(store(hospital), [JSON.stringify(changes)]);
}

async function insert({ tx, hospital }: HospitalTransaction, name: SyncEntityName, rows: Fields[]): Promise<void> {
  const [first] = rows;
  if (!first) return;
  await tx.unsafe(insertRows(hospital.schema, name, Object.keys(first)), [JSON.stringify(rows)]);
}

async function update({ tx, hospital }: HospitalTransaction, name: SyncEntityName, changes: Fields[]): Promise<void> {
  if (changes.length === 0) return;
  const columns = [...new Set(changes.flatMap((change) => Object.keys(change)))];
  const { count } = await tx.unsafe(updateRows(hospital.schema, name, columns), [JSON.stringify(changes)]);
  if (count !== changes.length) throw new Error(`${name}: ${count} of ${changes.length} rows were changed`);
}

/** Gives the hospital's next numbers to patients who came without one. */
export async function withRecordNumbers(
  { tx, hospital }: HospitalTransaction,
  writes: readonly Write[],
): Promise<readonly Write[]> {
  const needy = new Set(writes.filter(isNumberless));
  if (needy.size === 0) return writes;
  const [counter] = await tx.unsafe<{ last: string }[]>(takeRecordNumbers(hospital.schema), [needy.size]);
  let next = BigInt(counter?.last ?? 0) - BigInt(needy.size);
  return writes.map((write) =>
    needy.has(write) ? { ...write, columns: { ...write.columns, mrn: formatMrn(++next) } } : write,
  );
}

const isNumberless = ({ entity, kind, columns }: Write): boolean =>
  entity === 'patients' && kind === 'insert' && (columns['mrn'] ?? null) === null;
